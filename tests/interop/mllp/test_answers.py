"""What an EHR is answered: stored means AA, once; everything else says what is wrong."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import hl7.mllp
import pytest

from libs.events.contracts.interop import PatientRegistered
from libs.events.examples import interop as examples
from libs.events.transport.faults import SealError
from libs.events.transport.keys import NoKeys
from services.interop.connections.model import ConnectionKey, new_secret
from services.interop.messages.store import place_of
from services.interop.patients.model import patient_id_of
from tests.databases import Databases
from tests.harness import Harness
from tests.interop.conftest import OTHER_PRACTICE, SECRET
from tests.interop.mllp.conftest import DG1, FT1, PID, PV1, Connect, Ehr, listening, message

A04 = message("ADT^A04", PID)


async def _fates(interop: Harness) -> list[str]:
    async with interop.http(examples.PRACTICE) as client:
        messages = (await client.get("/messages")).json()
    return sorted(one["fate"] for one in messages)


async def test_the_same_message_again_gets_the_same_answer_and_does_nothing_twice(
    interop: Harness, connect: Connect
) -> None:
    ehr = await connect()
    first = await ehr.send(A04)
    assert await ehr.send(A04) == first
    assert await ehr.send(A04.replace("20260302120000", "20260302120133")) == first  # sent anew
    assert len(await interop.published_all()) == 1
    assert await _fates(interop) == ["accepted", "duplicate", "duplicate"]


async def test_a_control_id_used_again_for_another_message_is_refused(
    interop: Harness, connect: Connect
) -> None:
    ehr = await connect()
    await ehr.send(A04)
    answer = await ehr.send(message("ADT^A04", PID.replace("1001", "1002")))
    assert (answer[1][1], answer[2][5]) == ("AE", "control-id-reused")
    assert len(await interop.published(PatientRegistered)) == 1


async def test_wrong_keys_and_senders_get_one_answer_and_nothing_is_kept(
    interop: Harness, connect: Connect
) -> None:
    good = await connect()
    keys = [
        ConnectionKey(examples.PRACTICE, examples.CONNECTION, new_secret()).write(),
        ConnectionKey(examples.PRACTICE, examples.QUERY, SECRET).write(),
        ConnectionKey(OTHER_PRACTICE, examples.CONNECTION, SECRET).write(),
        "nonsense",
        "",
    ]
    answers = [await Ehr(good.reader, good.writer, key).send(A04) for key in keys]
    answers += [
        await good.send(message("ADT^A04", PID, app="OTHER")),
        await good.send(message("ADT^A04", PID, facility="OTHER")),
    ]
    assert {tuple(answer[1]) for answer in answers} == {
        ("MSA", "AR", "1", r"unknown sender: check MSH-3, MSH-4 and the key in MSH-8")
    }
    assert await _fates(interop) == []


async def test_a_message_is_kept_sealed_and_without_its_key(
    interop: Harness, connect: Connect
) -> None:
    await (await connect()).send(A04)
    async with interop.uow(examples.PRACTICE) as uow:
        kept = await uow.db.fetchrow("SELECT message_id, raw, bytes FROM message")
        assert kept is not None
        raw = uow.unseal(kept["raw"], place_of(kept["message_id"]))
        with pytest.raises(SealError, match="does not open"):
            uow.unseal(kept["raw"], place_of(uuid4()))
    assert raw.decode() == A04.replace("KEY", "")
    assert kept["bytes"] == len(raw)
    assert PID.split("|")[5].encode() not in kept["raw"]


@pytest.mark.parametrize(
    ("sent", "code", "error", "location"),
    [
        (message("ADT^A99", PID), "AR", "trigger-event-not-taken", "MSH^1^9^1^2"),
        (message("ORM^O01", PID), "AR", "message-type-not-taken", "MSH^1^9"),
        (message("ADT^A04"), "AE", "segment-missing", "PID^1"),
        (message("ADT^A04", PID, control_id=""), "AR", "control-id-missing", "MSH^1^10"),
        (message("ADT^A04", PID.replace("1001^^^EHR^MR", "")), "AE", "chart-number-missing",
         "PID^1^3"),
        (message("ADT^A04", PID.replace("Alma", "")), "AE", "given-name-missing", "PID^1^5^1^2"),
        (message("ADT^A04", PID.replace("19840517", "")), "AE", "birth-date-missing", "PID^1^7"),
        (message("ADT^A04", PID.replace("19840517", "19841317")), "AE", "not-a-date", "PID^1^7"),
        (message("ADT^A04", PID.replace("Alma", "A" * 201)), "AE", "value-not-accepted",
         "PID^1^5^1^2"),
        (message("DFT^P03", PID, PV1, *[FT1] * 51, DG1), "AE", "value-not-accepted", "FT1^1"),
        (message("ADT^A04", PID, "IN1|1|NOPE"), "AE", "payer-unknown", "IN1^1^2"),
        (message("ADT^A04", PID, "IN1|1|BAV"), "AE", "member-id-missing", "IN1^1^36"),
        (message("ADT^A04", PID, "not a segment"), "AE", "segment-name", "MSH^1"),
        (message("SIU^S12", PID, "SCH|1"), "AE", "start-missing", "SCH^1^11"),
        (message("DFT^P03", PID, "PV1|1|O"), "AE", "visit-number-missing", "PV1^1^19"),
        (A04.replace("^~\\&", "^~^&"), "AR", "separators", "MSH^1^2"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_named_kept_and_the_next_message_flows(
    interop: Harness, connect: Connect, sent: str, code: str, error: str, location: str
) -> None:
    ehr = await connect()
    answer = await ehr.send(sent)
    assert (answer[1][1], answer[2][5], answer[2][2]) == (code, error, location), answer
    assert (await ehr.send(message("ADT^A04", PID, control_id="next")))[1][1] == "AA"
    assert await _fates(interop) == ["accepted", "refused"]


async def test_a_refusal_says_where_and_how_to_fix_it_but_not_what_was_sent(
    interop: Harness, connect: Connect
) -> None:
    answer = await (await connect()).send(message("ADT^A04", PID.replace("19840517", "SECRET7")))
    assert "PID-7: write a day as YYYYMMDD" in answer[2][8]
    assert "SECRET7" not in str(answer)
    assert "Rivera" not in str(answer)


async def test_no_hl7_at_all_is_rejected_and_the_connection_goes_on(connect: Connect) -> None:
    ehr = await connect()
    assert (await ehr.send("GET / HTTP/1.1"))[1][1] == "AR"
    assert (await ehr.send(A04))[1][1] == "AA"


@pytest.mark.parametrize("broken", [b"MSH|no start block\x1c\r", b"\x0b" + b"x" * 70_000])
async def test_a_broken_frame_closes_its_own_connection_only(
    connect: Connect, broken: bytes
) -> None:
    bad, good = await connect(), await connect()
    await bad.send_bytes(broken)
    assert (await bad.answer())[1][:2] == ["MSA", "AR"]
    assert await asyncio.wait_for(bad.reader.read(), timeout=20) == b""
    assert (await good.send(A04))[1][1] == "AA"


async def test_a_message_in_pieces_and_messages_in_one_piece_are_each_answered(
    connect: Connect,
) -> None:
    ehr = await connect()
    frames = b"".join(
        b"\x0b" + message("ADT^A08", PID, control_id=str(n)).replace("KEY", ehr.key).encode()
        + b"\x1c\r" for n in range(3)
    )  # fmt: skip
    for at in range(0, len(frames), 100):
        await ehr.send_bytes(frames[at : at + 100])
    answers = [await ehr.answer() for _ in range(3)]
    assert [answer[1][2] for answer in answers] == ["0", "1", "2"]


async def test_two_connections_send_side_by_side_each_in_its_own_order(
    interop: Harness, connect: Connect
) -> None:
    async def feed(ehr: Ehr, name: str) -> list[str]:
        sent = [message("ADT^A04", PID.replace("1001", f"{name}{n}"), control_id=f"{name}{n}")
                for n in range(20)]  # fmt: skip
        return [(await ehr.send(one))[1][2] for one in sent]

    one = await connect()
    other = await connect(name="other", source_system="second ehr")
    assert await asyncio.gather(feed(one, "a"), feed(other, "b")) == [
        [f"a{n}" for n in range(20)],
        [f"b{n}" for n in range(20)],
    ]
    mrns = [event.mrn for event in await interop.published(PatientRegistered)]
    assert [m for m in mrns if m.startswith("a")] == [f"a{n}" for n in range(20)]
    assert [m for m in mrns if m.startswith("b")] == [f"b{n}" for n in range(20)]


async def test_one_message_sent_on_many_connections_at_once_is_taken_once(
    interop: Harness, connect: Connect
) -> None:
    ehrs = [await connect() for _ in range(6)]
    answers = await asyncio.gather(*[ehr.send(A04) for ehr in ehrs])
    assert {answer[1][1] for answer in answers} == {"AA"}
    assert len(await interop.published_all()) == 1


async def test_with_the_database_away_the_answer_is_to_try_again_and_nothing_is_lost(
    interop: Harness, connect: Connect
) -> None:
    ehr = await connect()
    async with interop.uow(examples.PRACTICE) as uow:
        await uow.db.execute("LOCK TABLE connection")
        sending = asyncio.create_task(ehr.send(A04))
        await _until_blocked(interop)
        await _end_other_sessions(interop)
        answer = await sending
    assert (answer[1][1], answer[2][5]) == ("AE", "try-again")
    assert await _fates(interop) == []
    assert (await ehr.send(A04))[1][1] == "AA"
    assert len(await interop.published_all()) == 1


async def test_without_the_practices_key_the_answer_says_so_and_nothing_is_lost(
    interop: Harness, connect: Connect
) -> None:
    ehr = await connect()
    keys, interop.work.keys = interop.work.keys, NoKeys()
    answer = await ehr.send(A04)
    assert (answer[1][1], answer[2][5]) == ("AE", "try-again")
    assert "data key is missing here" in answer[2][8]
    assert await _fates(interop) == []
    interop.work.keys = keys
    assert (await ehr.send(A04))[1][1] == "AA"
    assert len(await interop.published_all()) == 1


async def _until_blocked(interop: Harness) -> None:
    async with asyncio.timeout(10), interop.pool.acquire() as db:
        while not await db.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            " AND datname = current_database()"
        ):
            await asyncio.sleep(0)


async def _end_other_sessions(interop: Harness) -> None:
    async with interop.pool.acquire() as db:
        await db.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )


async def test_a_mistake_of_ours_keeps_the_message_and_does_not_stop_the_feed(
    interop: Harness, connect: Connect, databases: Databases
) -> None:
    ehr = await connect()
    database = urlsplit(interop.dsn).path
    owner = await asyncpg.connect(urlsplit(databases.admin_dsn)._replace(path=database).geturl())
    stumbles = patient_id_of(examples.PRACTICE, "EHR", "1001")
    await owner.execute(
        f"ALTER TABLE patient ADD CONSTRAINT mistake CHECK (patient_id <> '{stumbles}')"
    )
    answer = await ehr.send(A04)
    assert (answer[1][1], answer[2][5]) == ("AE", "internal-error")
    other = await ehr.send(message("ADT^A04", PID.replace("1001", "1002"), control_id="2"))
    assert other[1][1] == "AA"
    assert await _fates(interop) == ["accepted", "refused"]
    await owner.execute("ALTER TABLE patient DROP CONSTRAINT mistake")
    await owner.close()
    assert (await ehr.send(A04))[1][1] == "AA"  # sent again once it is mended


async def test_a_message_that_is_being_stored_is_answered_before_the_server_stops(
    interop: Harness, connect: Connect
) -> None:
    key = (await connect()).key
    async with listening(interop) as port, interop.uow(examples.PRACTICE) as uow:
        await uow.db.execute("LOCK TABLE patient")
        busy = Ehr(*await asyncio.open_connection("127.0.0.1", port), key)
        idle = Ehr(*await asyncio.open_connection("127.0.0.1", port), key)
        sending = asyncio.create_task(busy.send(A04))
        await _until_blocked(interop)
    # The transaction that held the table ends first, then the server stops, in that order.
    assert (await sending)[1][1] == "AA"
    assert await asyncio.wait_for(idle.reader.read(), timeout=20) == b""


async def test_more_connections_than_allowed_are_closed_at_once(
    interop: Harness, connect: Connect
) -> None:
    async with listening(interop, most_connections=1) as port:
        first = await asyncio.open_connection("127.0.0.1", port)
        second, _ = await asyncio.open_connection("127.0.0.1", port)
        assert await asyncio.wait_for(second.read(), timeout=20) == b""
        first[1].write(b"x")
        assert await asyncio.wait_for(first[0].readuntil(b"\x1c\r"), timeout=20)


async def test_a_client_that_nobody_here_wrote_is_answered(
    interop: Harness, connect: Connect
) -> None:
    key = (await connect()).key
    async with listening(interop) as port:
        reader, writer = await hl7.mllp.open_hl7_connection("127.0.0.1", port)
        writer.writemessage(hl7.parse(A04.replace("KEY", key)))
        await writer.drain()
        answer: Any = await asyncio.wait_for(reader.readmessage(), timeout=20)
        writer.close()
    assert str(answer["MSA.F1.R1"]) == "AA"
    assert answer.segments("MSH")[0][9][0][0][0] == "ACK"
