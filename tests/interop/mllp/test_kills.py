"""A real process is killed between receiving a message and answering it; its sender sends again.

What was answered AA is there, once; what was not answered is there once after it was sent again;
and the answer to a message is the same, however often it is asked for.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from libs.events.contracts.interop import PatientRegistered
from libs.events.examples import interop as examples
from services.interop import mllp
from tests.chaos.steps import steps
from tests.harness import Harness
from tests.interop.conftest import OpenConnection
from tests.interop.mllp.conftest import FT1, PID, PV1, message

UNDONE = "mllp.undone"
"""Only a message gets here that is refused by what is known, after it began something."""
STEPS = [step for step in steps(Path(mllp.__path__[0])) if step != UNDONE]
MESSAGES = 6
DIES_AT = 3


@asynccontextmanager
async def server(dsn: str, step: str = "") -> AsyncIterator[tuple[int, Process]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.interop.mllp.victim", dsn, step, str(DIES_AT), stdout=PIPE
    )
    assert process.stdout is not None
    try:
        yield int(await asyncio.wait_for(process.stdout.readline(), timeout=60)), process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def send_all(port: int, sent: dict[str, bytes]) -> dict[str, bytes]:
    """The answers by control id, up to the end of the messages or of the other side."""
    answers: dict[str, bytes] = {}
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for control_id, raw in sent.items():
            writer.write(b"\x0b" + raw + b"\x1c\r")
            answers[control_id] = await asyncio.wait_for(reader.readuntil(b"\x1c\r"), timeout=30)
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()
    return answers


def test_the_steps_are_those_between_receiving_and_answering() -> None:
    assert STEPS == ["mllp.answered", "mllp.received", "mllp.stored", "mllp.taken"]


@pytest.mark.parametrize("step", STEPS)
async def test_killed_there_and_sent_again_nothing_is_lost_and_nothing_doubled(
    interop: Harness, open_connection: OpenConnection, step: str
) -> None:
    key = await open_connection(kind="hl7v2", sending_application="EHR", sending_facility="MAIN")
    ids = [f"k{number}" for number in range(MESSAGES)]
    sent = {
        one: message("ADT^A04", PID.replace("1001", one), control_id=one)
        .replace("KEY", key)
        .encode()
        for one in ids
    }
    async with server(interop.dsn, step) as (port, process):
        before = await send_all(port, sent)
        assert await asyncio.wait_for(process.wait(), timeout=30) == -9
    assert DIES_AT - 1 <= len(before) <= DIES_AT, "it died in the middle"
    async with server(interop.dsn) as (port, _):
        after = await send_all(port, sent)
        again = await send_all(port, sent)
    assert list(after) == ids
    assert all(b"\rMSA|AA|" in answer for answer in after.values())
    assert {one: after[one] for one in before} == before
    assert again == after
    assert [one.mrn for one in await interop.published(PatientRegistered)] == ids
    fates = Counter[str]()
    async with interop.http(examples.PRACTICE) as client:
        for one in (await client.get("/messages")).json():
            fates[one["fate"]] += 1
        [connection] = (await client.get("/connections")).json()
    stored = DIES_AT if step in ("mllp.stored", "mllp.answered") else DIES_AT - 1
    assert fates == {"accepted": MESSAGES, "duplicate": stored + MESSAGES}
    assert connection["received"] == 2 * MESSAGES + stored


async def test_killed_before_a_refused_message_is_kept_it_is_refused_when_it_is_sent_again(
    interop: Harness, open_connection: OpenConnection
) -> None:
    """What it had begun, a patient and the visit's look-up, was undone before it died."""
    key = await open_connection(kind="hl7v2", sending_application="EHR", sending_facility="MAIN")
    credit = FT1.replace("FT1|1|", "FT1|1|T1").replace("|CG|", "|CR|")
    sent = {
        one: message("DFT^P03", PID.replace("1001", one), PV1, credit, control_id=one)
        .replace("KEY", key)
        .encode()
        for one in ("k0", "k1", "k2", "k3")
    }
    async with server(interop.dsn, UNDONE) as (port, process):
        before = await send_all(port, sent)
        assert await asyncio.wait_for(process.wait(), timeout=30) == -9
    assert len(before) == DIES_AT - 1
    async with server(interop.dsn) as (port, _):
        after = await send_all(port, sent)
    answers = [*before.values(), *after.values()]
    assert all(b"|credit-without-charge|" in answer for answer in answers)
    assert await interop.published_all() == []
    async with interop.http(examples.PRACTICE) as client:
        fates = [one["fate"] for one in (await client.get("/messages")).json()]
        [connection] = (await client.get("/connections")).json()
    assert fates == ["refused"] * len(answers)
    assert (connection["received"], connection["refused"]) == (len(answers), len(answers))
