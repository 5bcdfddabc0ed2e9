"""ADT^A40 and A37 over a real socket: merged charts' messages go to the survivor, until parted."""

from __future__ import annotations

import pytest

from libs.events.contracts.interop import (
    AppointmentBooked,
    AppointmentMissed,
    EncounterPosted,
    PatientMerged,
    PatientRegistered,
    PatientUnmerged,
    PatientUpdated,
)
from tests.harness import Harness
from tests.interop.identity.conftest import OLD, a37, a40, chart
from tests.interop.mllp.conftest import DG1, FT1, IN1, PID, PV1, SCH, Connect, Ehr, message

NEW_CHART, OLD_CHART = chart("1001"), chart("2002")


async def accepted(ehr: Ehr, *messages: str) -> None:
    for one in messages:
        answer = await ehr.send(one)
        assert answer[1][1] == "AA", answer


async def refusal(ehr: Ehr, sent: str) -> tuple[str, str]:
    answer = await ehr.send(sent)
    return answer[1][1], answer[2][5]


async def test_after_a_merge_all_that_comes_under_the_old_number_is_the_survivors(
    interop: Harness, connect: Connect
) -> None:
    ehr = await connect()
    await accepted(
        ehr,
        message("ADT^A04", PID, IN1, control_id="1"),
        message("ADT^A04", OLD, control_id="2"),
        message("SIU^S12", SCH, OLD, control_id="3"),
        a40(PID, "2002^^^EHR^MR", "4"),
        message("SIU^S26", SCH, OLD, control_id="5"),
        message("DFT^P03", OLD, PV1, FT1, DG1, control_id="6"),
        message("ADT^A08", OLD.replace("Alma", "Almita"), control_id="7"),
        message(
            "SIU^S12", SCH.replace("F77", "F78"), OLD.replace("Alma", "Almita"), control_id="8"
        ),
    )
    [merged] = await interop.published(PatientMerged)
    assert (merged.patient_id, merged.survivor_id) == (OLD_CHART, NEW_CHART)
    [missed] = await interop.published(AppointmentMissed)
    [posted] = await interop.published(EncounterPosted)
    booked = await interop.published(AppointmentBooked)
    assert [b.patient_id for b in booked] == [OLD_CHART, NEW_CHART]
    assert missed.patient_id == posted.patient_id == NEW_CHART
    assert posted.coverage is not None, "the survivor's"
    updates = await interop.published(PatientUpdated)
    assert {(u.patient_id, u.mrn) for u in updates} == {(NEW_CHART, "1001")}
    assert (updates[-1].person.given, updates[-1].coverage) == ("Almita", posted.coverage)


async def test_a_visit_that_was_told_before_the_merge_is_known_again_under_either_number(
    interop: Harness, connect: Connect
) -> None:
    ehr = await connect()
    await accepted(
        ehr,
        message("DFT^P03", OLD, PV1, FT1, DG1, control_id="1"),
        a40(PID, "2002^^^EHR^MR", "2"),
        message("DFT^P03", OLD, PV1, FT1, DG1, control_id="3"),
        message("DFT^P03", PID, PV1, FT1, DG1, control_id="4"),
    )
    [posted] = await interop.published(EncounterPosted)
    assert posted.patient_id == OLD_CHART


async def test_a_merge_of_a_chart_never_heard_of_leads_its_later_messages_to_the_survivor(
    interop: Harness, connect: Connect
) -> None:
    ehr = await connect()
    await accepted(ehr, a40(PID, "2002^^^EHR^MR", "1"), message("ADT^A04", OLD, control_id="2"))
    [registered] = await interop.published(PatientRegistered)
    [updated] = await interop.published(PatientUpdated)
    assert registered.patient_id == updated.patient_id == NEW_CHART
    assert updated.person.address_line == "7 Mill Street"


async def test_parted_charts_get_their_own_messages_again_and_what_came_under_their_number(
    interop: Harness, connect: Connect
) -> None:
    ehr = await connect()
    await accepted(
        ehr,
        message("ADT^A04", PID, control_id="1"),
        message("ADT^A04", OLD, control_id="2"),
        a40(PID, "2002^^^EHR^MR", "3"),
        message("SIU^S12", SCH, OLD, control_id="4"),
        a37("2002^^^EHR^MR", "1001^^^EHR^MR", "5"),
        message("SIU^S26", SCH, OLD, control_id="6"),
        message("ADT^A08", OLD.replace("Alma", "Almita"), control_id="7"),
        message("ADT^A08", PID.replace("Alma", "Ana"), control_id="8"),
    )
    [parted] = await interop.published(PatientUnmerged)
    assert (parted.patient_id, parted.survivor_id) == (OLD_CHART, NEW_CHART)
    [missed] = await interop.published(AppointmentMissed)
    assert missed.patient_id == OLD_CHART
    told = [(u.patient_id, u.mrn, u.person.given) for u in await interop.published(PatientUpdated)]
    assert told[-2:] == [(OLD_CHART, "2002", "Almita"), (NEW_CHART, "1001", "Ana")]


async def test_a_chain_of_merges_is_said_of_each_chart_and_parts_where_it_is_cut(
    interop: Harness, connect: Connect
) -> None:
    ehr = await connect()
    third = PID.replace("1001^^^EHR", "3003^^^EHR")
    await accepted(
        ehr,
        message("ADT^A04", OLD, control_id="1"),
        a40(PID, "2002^^^EHR^MR", "2"),
        a40(third, "1001^^^EHR^MR", "3"),
        message("ADT^A08", OLD, control_id="4"),
    )
    told = [(m.patient_id, m.survivor_id) for m in await interop.published(PatientMerged)]
    assert told[0] == (OLD_CHART, NEW_CHART)
    assert sorted(told[1:]) == sorted([(OLD_CHART, chart("3003")), (NEW_CHART, chart("3003"))])
    assert (await interop.published(PatientUpdated))[-1].patient_id == chart("3003")
    await accepted(ehr, a37("1001^^^EHR^MR", "3003^^^EHR^MR", "5"))
    [parted] = await interop.published(PatientUnmerged)
    [*_, again] = await interop.published(PatientMerged)
    assert parted.patient_id == NEW_CHART
    assert (again.patient_id, again.survivor_id) == (OLD_CHART, NEW_CHART)


async def test_several_prior_numbers_are_merged_together(
    interop: Harness, connect: Connect
) -> None:
    ehr = await connect()
    await accepted(ehr, a40(PID, "2002^^^EHR^MR~77^^^EHR^AN~3003^^^LAB^MR", "1"))
    merged = await interop.published(PatientMerged)
    assert {m.patient_id for m in merged} == {OLD_CHART, chart("3003", "LAB")}


async def test_a_merge_sent_again_under_another_id_says_nothing_new(
    interop: Harness, connect: Connect
) -> None:
    ehr = await connect()
    await accepted(ehr, a40(PID, "2002^^^EHR^MR", "1"), a40(PID, "2002^^^EHR^MR", "2"))
    assert len(await interop.published(PatientMerged)) == 1


@pytest.mark.parametrize(
    ("before", "sent", "code"),
    [
        ([], a40(PID, "1001^^^EHR^MR", "9"), "merge-into-itself"),
        ([a40(PID, "2002^^^EHR^MR", "1")], a40(OLD, "1001^^^EHR^MR", "9"), "merge-loop"),
        (
            [a40(PID, "2002^^^EHR^MR", "1")],
            a40(PID.replace("1001^^^EHR", "3003^^^EHR"), "2002^^^EHR^MR", "9"),
            "already-merged",
        ),
        ([], message("ADT^A40", PID, control_id="9"), "segment-missing"),
        ([], a40(PID, "", "9"), "chart-number-missing"),
        ([], a37("1001^^^EHR^MR", "2002^^^EHR^MR", "9"), "not-merged"),
        ([], message("ADT^A37", PID, control_id="9"), "segment-missing"),
        (
            [],
            message("ADT^A08", PID.replace("MR||", "MR~1002^^^EHR^MR||"), control_id="9"),
            "chart-numbers-conflict",
        ),
        ([], message("ADT^A40", PID, OLD, "MRG|5^^^EHR^MR", control_id="9"), "segment-repeated"),
    ],
)
async def test_what_cannot_be_merged_or_parted_is_refused_and_changes_nothing(
    interop: Harness, connect: Connect, before: list[str], sent: str, code: str
) -> None:
    ehr = await connect()
    await accepted(ehr, *before)
    said = len(await interop.published_all())
    assert await refusal(ehr, sent) == ("AE", code)
    assert len(await interop.published_all()) == said


async def test_the_same_number_of_two_authorities_is_no_conflict(
    interop: Harness, connect: Connect
) -> None:
    ehr = await connect()
    both = PID.replace("MR||", "MR~1002^^^LAB^MR||")
    await accepted(ehr, message("ADT^A08", both, control_id="1"))
    [registered] = await interop.published(PatientRegistered)
    assert registered.patient_id == NEW_CHART, "an update that comes first registers"
