"""What an EHR is answered over MLLP while its connection is tested, suspended or closed."""

from __future__ import annotations

import pytest

from libs.events.contracts.interop import PatientRegistered
from tests.harness import Harness
from tests.interop.health.sending import messages, order, shown
from tests.interop.mllp.conftest import PID, Connect, message

A04 = message("ADT^A04", PID)


async def test_a_rehearsed_message_is_taken_when_the_connection_is_live(
    interop: Harness, connect: Connect
) -> None:
    ehr = await connect(state="testing")
    assert (await ehr.send(A04))[1][1] == "AA"
    assert (await ehr.send(A04))[1][1] == "AA"
    assert await interop.published_all() == []
    await order(interop, "go-live")
    assert (await ehr.send(A04))[1][1] == "AA"
    assert len(await interop.published(PatientRegistered)) == 1
    assert sorted(m["fate"] for m in await messages(interop)) == [
        "accepted", "rehearsed", "rehearsed",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("command", "code", "condition"),
    [("suspend", "connection-suspended", "206"), ("close", "connection-closed", "204")],
)
async def test_a_connection_that_was_taken_off_rejects_hl7_and_keeps_nothing(
    interop: Harness, connect: Connect, command: str, code: str, condition: str
) -> None:
    ehr = await connect()
    await order(interop, command)
    answer = await ehr.send(A04)
    assert (answer[1][1], answer[2][3][:3], answer[2][5]) == ("AR", condition, code)
    assert await messages(interop) == []
    assert await interop.published_all() == []
    view = await shown(interop)
    assert (view["received"], view["refused"], view["last_seen_at"]) == (0, 0, None)


async def test_what_was_held_back_during_a_suspension_is_taken_after_it(
    interop: Harness, connect: Connect
) -> None:
    ehr = await connect()
    await order(interop, "suspend")
    assert (await ehr.send(A04))[1][1] == "AR"
    await order(interop, "go-live")
    assert (await ehr.send(A04))[1][1] == "AA"
    assert len(await interop.published(PatientRegistered)) == 1
