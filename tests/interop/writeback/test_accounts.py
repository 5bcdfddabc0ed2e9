"""What an EHR is told of a visit's claim: the account as it stands, in its own numbers."""

from __future__ import annotations

from uuid import UUID

import pytest

from libs.events.examples import billing, billing_cob, billing_holds
from libs.events.examples import billing_claims as claims
from libs.events.examples.billing_balances import (
    patient_payment_applied,
    patient_payment_unapplied,
)
from libs.events.examples.billing_ledger import balance_written_off
from services.interop.identity.merge import merge_charts
from services.interop.identity.model import Merge
from tests.harness import Harness
from tests.interop.conftest import OpenConnection
from tests.interop.identity.conftest import OLD, a40, chart
from tests.interop.mllp.conftest import message
from tests.interop.writeback.conftest import (
    Listener,
    accounts,
    ask,
    open_hl7,
    send,
    send_visit,
    story,
    told,
    waiting,
)


async def test_a_claims_story_is_told_as_the_account_stands_after_each_step(
    interop: Harness, visit: UUID, ehr: Listener
) -> None:
    await interop.receive(*story(visit))
    await interop.fire_timers()
    assert accounts(ehr) == [
        ("OPEN", "0.00", "178.00", "0.00", "0.00"),
        ("SUBMITTED", "0.00", "178.00", "0.00", "0.00"),
        ("ACCEPTED", "0.00", "178.00", "0.00", "0.00"),
        ("ACCEPTED", "20.00", "178.00", "57.50", "100.50"),
        ("PAID", "20.00", "178.00", "57.50", "100.50"),
    ]
    assert await told(interop) == [("AA", 1)] * 5
    assert await waiting(interop) == []


async def test_what_the_next_payer_is_asked_for_is_not_the_patients_yet(
    interop: Harness, visit: UUID, ehr: Listener
) -> None:
    await interop.receive(
        billing.charges_posted(encounter_id=visit),
        billing.payment_posted(patient_cents=0),
        billing.claim_paid(patient_cents=0),
        billing_cob.claim_forwarded(),
        billing.payment_posted(payment_id=UUID(int=2), payer_id="MEDIGAP01", paid_cents=1_500,
                               adjusted_cents=0, patient_cents=500),
        billing.payment_reversed(patient_cents=0),
        billing_cob.claim_recalled(cents=0),
    )  # fmt: skip
    await interop.fire_timers()
    assert accounts(ehr) == [
        ("OPEN", "0.00", "178.00", "0.00", "0.00"),
        ("OPEN", "0.00", "178.00", "57.50", "100.50"),
        ("PAID", "0.00", "178.00", "57.50", "100.50"),
        ("OPEN", "0.00", "178.00", "57.50", "100.50"),
        ("OPEN", "5.00", "178.00", "57.50", "115.50"),
        ("SUBMITTED", "5.00", "178.00", "0.00", "15.00"),
        ("SUBMITTED", "5.00", "178.00", "0.00", "15.00"),
    ]


async def test_what_a_payer_learned_of_later_is_asked_for_is_the_patients_no_more(
    interop: Harness, visit: UUID, ehr: Listener
) -> None:
    await interop.receive(
        billing.charges_posted(encounter_id=visit),
        billing.payment_posted(),
        billing.claim_paid(),
        billing_cob.patient_share_lifted(),
        billing_cob.claim_forwarded(),
    )
    await interop.fire_timers()
    assert accounts(ehr)[-2:] == [
        ("PAID", "0.00", "178.00", "57.50", "100.50"),
        ("OPEN", "0.00", "178.00", "57.50", "100.50"),
    ]


async def test_the_message_is_an_update_of_the_ehrs_own_account(
    interop: Harness, visit: UUID, ehr: Listener
) -> None:
    await interop.receive(billing.charges_posted(encounter_id=visit))
    await interop.fire_timers()
    [bar] = ehr.read()
    msh, pid, pv1 = (bar.segment(name) for name in ("MSH", "PID", "PV1"))
    assert str(msh[9]) == "BAR^P05^BAR_P05"
    assert (str(msh[5]), str(msh[6])) == ("EHR", "MAIN")
    assert (str(pid[3]), str(pid[5]), str(pid[18])) == ("1001^^^^MR", "Rivera^Alma", "V9")
    assert str(pv1[19]) == "V9"


async def test_a_merged_patient_is_named_by_the_number_that_the_ehr_has_now(
    interop: Harness, open_connection: OpenConnection, ehr: Listener
) -> None:
    key = await open_hl7(open_connection)
    await ask(interop, ehr.port)
    visit = await send_visit(interop, key)
    await send(
        interop, key, message("ADT^A04", OLD, control_id="2"), a40(OLD, "1001^^^EHR^MR", "3")
    )
    await interop.receive(billing.charges_posted(encounter_id=visit))
    await interop.fire_timers()
    assert [str(bar.segment("PID")[3]) for bar in ehr.read()] == ["2002^^^^MR"]


async def test_a_patient_merged_into_another_systems_chart_keeps_this_ones_number(
    interop: Harness, visit: UUID, ehr: Listener, open_connection: OpenConnection
) -> None:
    elsewhere = await open_hl7(open_connection, name="another EHR", source_system="another")
    await send(interop, elsewhere, message("ADT^A04", OLD.replace("EHR", "ELSE"), control_id="2"))
    async with interop.uow(billing.PRACTICE) as uow:
        merge = Merge(chart("1001"), chart("2002", "ELSE"), "a person's decision")
        await merge_charts([merge], uow)
    await interop.receive(billing.charges_posted(encounter_id=visit))
    await interop.fire_timers()
    assert [str(bar.segment("PID")[3]) for bar in ehr.read()] == ["1001^^^^MR"]


async def test_a_payment_that_is_taken_back_leaves_the_account_as_before(
    interop: Harness, visit: UUID, ehr: Listener
) -> None:
    await interop.receive(*story(visit), billing.payment_reversed())
    await interop.fire_timers()
    assert accounts(ehr)[-1] == ("SUBMITTED", "0.00", "178.00", "0.00", "0.00")


async def test_a_visit_without_a_payer_is_the_patients_to_pay(
    interop: Harness, visit: UUID, ehr: Listener
) -> None:
    await interop.receive(billing.charges_posted(encounter_id=visit, payer_id=None))
    await interop.fire_timers()
    assert accounts(ehr) == [("SELFPAY", "178.00", "178.00", "0.00", "0.00")]


async def test_a_voided_visits_account_is_void_and_nothing_of_it_stands(
    interop: Harness, visit: UUID, ehr: Listener
) -> None:
    await interop.receive(
        billing.charges_posted(encounter_id=visit),
        billing_holds.claim_held(encounter_id=visit),
        billing_holds.claim_released(),
        billing.charges_reversed(encounter_id=visit),
    )
    await interop.fire_timers()
    assert accounts(ehr)[-1] == ("VOID", "0.00", "0.00", "0.00", "0.00")
    assert {str(bar.segment("MSH")[9]) for bar in ehr.read()} == {"BAR^P05^BAR_P05"}
    assert {str(bar.segment("PV1")[19]) for bar in ehr.read()} == {"V9"}


async def test_what_a_payer_paid_stands_while_its_claim_is_replaced_and_until_it_takes_it_back(
    interop: Harness, visit: UUID, ehr: Listener
) -> None:
    await interop.receive(
        *story(visit),
        billing.charges_reversed(encounter_id=visit),
        billing.charges_posted(encounter_id=visit, charge_cents=35_600),
        claims.claim_replaced(),
    )
    await interop.fire_timers()
    assert accounts(ehr)[-1] == ("SUBMITTED", "20.00", "356.00", "57.50", "100.50")
    await interop.receive(billing.payment_reversed())
    await interop.fire_timers()
    assert accounts(ehr)[-1] == ("SUBMITTED", "0.00", "356.00", "0.00", "0.00")


async def test_a_visit_that_is_voided_at_its_payer_is_void_whatever_that_pays_back(
    interop: Harness, visit: UUID, ehr: Listener
) -> None:
    await interop.receive(
        *story(visit), billing.charges_reversed(encounter_id=visit), claims.claim_void_sent()
    )
    await interop.fire_timers()
    assert accounts(ehr)[-1] == ("VOID", "20.00", "0.00", "57.50", "100.50")
    await interop.receive(billing.payment_reversed(), claims.claim_voided())
    await interop.fire_timers()
    assert accounts(ehr)[-1] == ("VOID", "0.00", "0.00", "0.00", "0.00")


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (None, "BLUEADV", ("OPEN", "0.00", "178.00", "0.00", "0.00")),
        ("BLUEADV", None, ("SELFPAY", "178.00", "178.00", "0.00", "0.00")),
    ],
)
async def test_a_corrected_visit_is_void_and_then_as_it_is_charged_anew(
    interop: Harness,
    visit: UUID,
    ehr: Listener,
    before: str | None,
    after: str | None,
    told: tuple[str, ...],
) -> None:
    """Nothing is left of how it was: who pays may be another one."""
    await interop.receive(
        billing.charges_posted(encounter_id=visit, payer_id=before),
        billing.charges_reversed(encounter_id=visit, payer_id=before),
        billing.charges_posted(encounter_id=visit, payer_id=after),
    )
    await interop.fire_timers()
    assert [account[0] for account in accounts(ehr)][1:] == ["VOID", told[0]]
    assert accounts(ehr)[-1] == told


async def test_a_claim_may_be_held_before_it_is_charged(
    interop: Harness, visit: UUID, ehr: Listener
) -> None:
    await interop.receive(
        billing_holds.claim_held(encounter_id=visit),
        billing.charges_posted(encounter_id=visit),
        billing_holds.claim_released(),
        billing.claim_submitted(),
        billing.claim_rejected(),
    )
    await interop.fire_timers()
    assert [account[0] for account in accounts(ehr)] == [
        "HELD", "HELD", "OPEN", "SUBMITTED", "REJECTED",
    ]  # fmt: skip


PAID_BY_PATIENT = ("PAID", "5.00", "178.00", "57.50", "115.50")


async def test_what_a_patient_pays_and_is_let_off_is_told_too(
    interop: Harness, visit: UUID, ehr: Listener
) -> None:
    await interop.receive(*story(visit), patient_payment_applied(cents=1_500))
    await interop.fire_timers()
    assert accounts(ehr)[-1] == PAID_BY_PATIENT
    await interop.receive(
        patient_payment_unapplied(cents=1_500),
        balance_written_off(owed_by="patient", payer_id=None, cents=2_000),
    )
    await interop.fire_timers()
    assert accounts(ehr)[-1] == ("PAID", "0.00", "178.00", "77.50", "100.50")


async def test_a_patients_payment_that_is_heard_before_its_claim_is_not_lost(
    interop: Harness, visit: UUID, ehr: Listener
) -> None:
    """They travel on two topics."""
    await interop.receive(patient_payment_applied(cents=1_500), *story(visit))
    await interop.fire_timers()
    assert accounts(ehr)[-1] == PAID_BY_PATIENT
