"""What a server outlasts: the idle, the deaf, the many; and the order that it keeps."""

from __future__ import annotations

import asyncio
import resource
import socket

import pytest

from libs.events.contracts.interop import PatientRegistered, PatientUpdated
from services.interop.mllp.server import make_room
from tests.harness import Harness
from tests.interop.mllp.conftest import PID, Connect, Ehr, listening, message

A04 = message("ADT^A04", PID)


async def test_an_idle_connection_is_closed_and_one_that_speaks_is_not(connect: Connect) -> None:
    ehr = await connect(idle_seconds=2)
    for number in range(4):
        await asyncio.sleep(0.6)
        assert (await ehr.send(message("ADT^A04", PID, control_id=str(number))))[1][1] == "AA"
    assert await asyncio.wait_for(ehr.reader.read(), timeout=20) == b""


async def test_a_sender_that_does_not_read_is_not_read_and_is_cut_off(
    interop: Harness, connect: Connect
) -> None:
    key = (await connect()).key
    # Answers of 2 KB: MSH-3 is echoed, and an unknown sender is answered without the database.
    sent = message("ADT^A04", PID, app="x" * 2_000, control_id="deaf").replace("KEY", "none")
    flood = b"\x0b" + sent.encode() + b"\x1c\r"
    async with listening(interop, answer_seconds=0.5) as port:
        deaf = socket.socket()
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(deaf, ("127.0.0.1", port))
        good = Ehr(*await asyncio.open_connection("127.0.0.1", port), key)
        with pytest.raises(ConnectionError):
            async with asyncio.timeout(60):
                while True:
                    await loop.sock_sendall(deaf, flood * 50)
        deaf.close()
        assert (await good.send(A04))[1][1] == "AA"


async def test_a_thousand_connections_are_held_and_each_is_answered(
    interop: Harness, connect: Connect
) -> None:
    key = (await connect()).key
    make_room(3_000)
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < 2_500:
        pytest.skip("this machine allows fewer than 2,500 open files")
    async with listening(interop) as port:
        held = [Ehr(*await asyncio.open_connection("127.0.0.1", port), key) for _ in range(1_000)]
        for number in (0, 499, 999):
            answer = await held[number].send(message("ADT^A04", PID, control_id=str(number)))
            assert answer[1][1:3] == ["AA", str(number)]
        answers = await asyncio.gather(*[ehr.send("MSH|^~\\&|nobody") for ehr in held])
        assert {answer[1][1] for answer in answers} == {"AR"}
        for ehr in held:
            ehr.writer.close()


async def test_one_patients_messages_keep_their_order_across_connections(
    interop: Harness, connect: Connect
) -> None:
    """Whoever is answered first is published first: the patient is locked up to the commit."""
    ehrs = [await connect(source_system="ehr", name=name) for name in "ab"]
    streets = [f"{number} Mill Lane" for number in range(12)]
    for number, street in enumerate(streets):
        sent = message("ADT^A04", PID.replace("12 Orchard Street", street), control_id=f"o{number}")
        assert (await ehrs[number % 2].send(sent))[1][1] == "AA"
    told = [
        event.person.address_line
        for event in await interop.published_all()
        if isinstance(event, PatientRegistered | PatientUpdated)
    ]
    assert told == streets


async def test_one_patient_on_many_connections_at_once_is_registered_once_and_every_change_told(
    interop: Harness, connect: Connect
) -> None:
    ehrs = [await connect(source_system="ehr", name=str(number)) for number in range(8)]

    async def feed(number: int, ehr: Ehr) -> None:
        for turn in range(5):
            pid = PID.replace("12 Orchard Street", f"{number}-{turn}")
            answer = await ehr.send(message("ADT^A04", pid, control_id=str(turn)))
            assert answer[1][1] == "AA"

    await asyncio.gather(*[feed(number, ehr) for number, ehr in enumerate(ehrs)])
    [registered, *updated] = await interop.published_all()
    assert isinstance(registered, PatientRegistered)
    assert all(isinstance(one, PatientUpdated) for one in updated)
    told = [registered.person.address_line]
    told += [one.person.address_line for one in updated if isinstance(one, PatientUpdated)]
    for number in range(8):
        own = [street for street in told if street and street.startswith(f"{number}-")]
        assert own == [f"{number}-{turn}" for turn in range(5)]
