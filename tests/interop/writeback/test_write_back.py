"""An EHR is told how its visits' claims stand: in order, at least once, and nobody waits for it."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import UUID

from libs.events.examples import billing
from tests.harness import Harness
from tests.interop.conftest import OpenConnection
from tests.interop.health.sending import CONNECTION, order
from tests.interop.writeback.conftest import (
    OTHER,
    Listener,
    accounts,
    ask,
    open_hl7,
    send_visit,
    story,
    told,
    waiting,
)


async def later(interop: Harness, seconds: float) -> None:
    await interop.fire_timers(interop.clock.now() + timedelta(seconds=seconds))


async def test_an_ehr_that_is_away_is_told_all_in_order_when_it_is_back(
    interop: Harness, visit: UUID, ehr: Listener
) -> None:
    await ask(interop, 9)  # the discard port: nobody listens
    await interop.receive(*story(visit))
    await interop.fire_timers()
    assert await told(interop) == [(None, 1)] + [(None, 0)] * 4, "it is tried with one message"
    assert [m["failure"] for m in await waiting(interop)] == [None] * 4 + ["it cannot be reached"]
    await ask(interop, ehr.port)
    await interop.fire_timers()
    assert [account[0] for account in accounts(ehr)] == [
        "OPEN", "SUBMITTED", "ACCEPTED", "ACCEPTED", "PAID",
    ]  # fmt: skip


async def test_an_ehr_that_is_away_delays_no_other(
    interop: Harness, visit: UUID, ehr: Listener, open_connection: OpenConnection
) -> None:
    key = await open_hl7(open_connection, name="another EHR", source_system="another")
    await ask(interop, ehr.port, OTHER)
    elsewhere = await send_visit(interop, key)
    await ask(interop, 9)
    await interop.receive(billing.charges_posted(encounter_id=visit))
    other = billing.charges_posted(encounter_id=elsewhere, claim_id=OTHER)
    await interop.receive(other)
    await interop.fire_timers()
    assert len(ehr.got) == 1
    assert len(await waiting(interop)) == 1
    assert await waiting(interop, OTHER) == []


async def test_without_an_answer_the_same_bytes_go_out_again(
    interop: Harness, visit: UUID, ehr: Listener
) -> None:
    """As after a kill between the message and its answer: what is kept is the intent, no more."""
    ehr.answers = [None, None]
    await interop.receive(billing.charges_posted(encounter_id=visit))
    await interop.fire_timers()
    await later(interop, 1)
    await later(interop, 2)
    assert len(ehr.got) == 3
    assert len(set(ehr.got)) == 1
    assert (ehr.taken, ehr.kept) == (1, 1)
    assert await told(interop) == [("AA", 3)]


async def test_what_the_ehr_refuses_is_noted_and_holds_up_nothing(
    interop: Harness, visit: UUID, ehr: Listener
) -> None:
    ehr.answers = ["AE 204", "AR 200"]
    await interop.receive(*story(visit)[:3])
    await interop.fire_timers()
    assert await told(interop) == [("AE", 1), ("AR", 1), ("AA", 1)]
    async with interop.uow(billing.PRACTICE) as uow:
        conditions = await uow.db.fetch("SELECT condition FROM write_back ORDER BY number")
    assert [row["condition"] for row in conditions] == ["204", "200", None]


async def test_what_the_ehr_refused_is_sent_again_as_it_was_where_nothing_came_after_it(
    interop: Harness, visit: UUID, ehr: Listener
) -> None:
    ehr.answers = ["AE 204", "AR 200"]
    await interop.receive(*story(visit)[:2])
    await interop.fire_timers()
    async with interop.uow(billing.PRACTICE) as uow:
        rows = await uow.db.fetch("SELECT number FROM write_back ORDER BY number")
    first, last = [row["number"] for row in rows]

    async def resend(number: int) -> tuple[int, str]:
        async with interop.http(billing.PRACTICE) as client:
            path = f"/connections/{CONNECTION}/write-back/{number}/resend"
            answer = await client.post(path)
        return answer.status_code, answer.json().get("title", "")

    status, title = await resend(first)
    assert status == 409
    assert "later message" in title
    assert await resend(last + 1) == (404, "no such message")
    assert [(await resend(last))[0] for _ in range(2)] == [200, 200], "it waits, once"
    await interop.fire_timers()
    assert await told(interop) == [("AE", 1), ("AA", 2)]
    assert ehr.got[2] == ehr.got[1]
    status, title = await resend(last)
    assert status == 409
    assert "its EHR has it" in title


async def test_an_ehr_that_asks_to_try_again_is_tried_again(
    interop: Harness, visit: UUID, ehr: Listener
) -> None:
    ehr.answers = ["AE 207"]
    await interop.receive(*story(visit)[:2])
    await interop.fire_timers()
    assert await told(interop) == [(None, 1), (None, 0)]
    assert (await waiting(interop))[-1]["failure"] == "the EHR asks to try again"
    await later(interop, 1)
    assert await told(interop) == [("AA", 2), ("AA", 1)]


async def test_a_suspended_connection_is_sent_nothing_until_it_is_live_again(
    interop: Harness, visit: UUID, ehr: Listener
) -> None:
    await order(interop, "suspend")
    await interop.receive(*story(visit))
    await interop.fire_timers()
    assert ehr.got == []
    await order(interop, "go-live")
    await interop.fire_timers()
    assert len(ehr.got) == 5


async def test_an_ehr_that_asks_for_nothing_is_told_nothing(
    interop: Harness, open_connection: OpenConnection, ehr: Listener
) -> None:
    visit = await send_visit(interop, await open_hl7(open_connection))
    await interop.receive(billing.charges_posted(encounter_id=visit))
    await ask(interop, ehr.port)
    await interop.receive(billing.claim_submitted())
    await interop.fire_timers()
    assert ehr.got == [], "a claim is followed from its beginning on, or not at all"


async def test_who_stops_asking_and_asks_again_hears_whole_sums(
    interop: Harness, visit: UUID, ehr: Listener
) -> None:
    first, *middle, last = story(visit)
    await interop.receive(first)
    await interop.fire_timers()
    await ask(interop, None)
    await interop.receive(*middle)
    await interop.fire_timers()
    await ask(interop, ehr.port)
    await interop.receive(last)
    await interop.fire_timers()
    assert [account[0] for account in accounts(ehr)] == ["OPEN", "PAID"]
    assert accounts(ehr)[-1] == ("PAID", "20.00", "178.00", "57.50", "100.50")


async def test_an_event_again_is_told_once(interop: Harness, visit: UUID, ehr: Listener) -> None:
    charges = billing.charges_posted(encounter_id=visit)
    await interop.receive(charges, charges)
    await interop.fire_timers()
    assert len(ehr.got) == 1


async def test_claims_of_no_visit_here_are_passed_over(interop: Harness) -> None:
    await interop.receive(
        billing.charges_posted(encounter_id=None, patient_id=None, provider_npi=None),
        billing.claim_paid(),
        billing.charges_posted(claim_id=OTHER),
    )
    async with interop.uow(billing.PRACTICE) as uow:
        assert await uow.db.fetchval("SELECT count(*) FROM account") == 0


async def test_visit_numbers_and_messages_are_kept_sealed(
    interop: Harness, visit: UUID, ehr: Listener
) -> None:
    await interop.receive(billing.charges_posted(encounter_id=visit))
    async with interop.uow(billing.PRACTICE) as uow:
        reference = await uow.db.fetchval("SELECT sealed FROM visit_reference")
        content = await uow.db.fetchval("SELECT content FROM write_back")
    assert json.loads(reference).keys() == {"alg", "kid", "iv", "ct"}
    assert json.loads(content).keys() == {"alg", "kid", "iv", "ct"}


async def test_only_hl7_connections_are_written_back_to(
    interop: Harness, open_connection: OpenConnection
) -> None:
    await open_connection()
    assert (await ask(interop, 2575)).status_code == 409
