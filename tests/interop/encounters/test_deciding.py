"""What is sent of a visit, and what becomes of it: posted, corrected, waiting, voided, or nothing.

Pure: a table of sends, and a law for any order of them.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.events.contracts.interop import EncounterCorrected, EncounterPosted, EncounterVoided
from libs.events.contracts.interop_queries import QueryOpened, QueryWithdrawn
from libs.events.examples import interop as examples
from services.interop.encounters.decide import look_again
from services.interop.encounters.model import Question, ToldVisit, ToldVoid
from services.interop.messages.model import RefusedError
from tests.interop.encounters.visits import (
    ABOUT,
    UNMAPPED,
    added,
    after,
    answered,
    credited,
    line,
    told,
    void,
)

LACKS = told(diagnosis="2")
TABLE: dict[str, tuple[list[ToldVisit | ToldVoid], list[type[object]], str]] = {
    "a whole visit is posted": ([told()], [EncounterPosted], "posted"),
    "the same again says nothing": ([told(), told()], [], "posted"),
    "changed, it is corrected": ([told(), told(line(units=2))], [EncounterCorrected], "posted"),
    "one that lacks something asks": ([LACKS], [QueryOpened], "waiting"),
    "and asks nothing twice": ([LACKS, LACKS], [], "waiting"),
    "replaced while it waits, its query is withdrawn": (
        [LACKS, told()],
        [QueryWithdrawn, EncounterPosted],
        "posted",
    ),
    "replaced by one that lacks something else": (
        [LACKS, told(provider_npi=None)],
        [QueryWithdrawn, QueryOpened],
        "waiting",
    ),
    "a correction that lacks something waits": ([told(), LACKS], [QueryOpened], "waiting"),
    "taken back to what was posted, it only withdraws": (
        [told(), LACKS, told()],
        [QueryWithdrawn],
        "posted",
    ),
    "a posted visit is voided": ([told(), void()], [EncounterVoided], "voided"),
    "voided twice, it is voided once": ([told(), void(), void()], [], "voided"),
    "a waiting one only withdraws": ([LACKS, void()], [QueryWithdrawn], "voided"),
    "one that waits with a correction does both": (
        [told(), LACKS, void()],
        [QueryWithdrawn, EncounterVoided],
        "voided",
    ),
    "sent again after all, it is corrected": (
        [told(), void(), told()],
        [EncounterCorrected],
        "posted",
    ),
    "never posted before it was voided, it is posted": (
        [LACKS, void(), told()],
        [EncounterPosted],
        "posted",
    ),
    "a batch adds to the visit": (
        [added(line(number="1")), added(line("G0444", "2"))],
        [EncounterCorrected],
        "posted",
    ),
    "a batch sent again is recognised": (
        [added(line(number="1")), added(line("G0444", "2")), added(line(number="1"))],
        [],
        "posted",
    ),
    "a credit takes its charge back": (
        [told(line(), line("G0444")), credited(line(number="9"))],
        [EncounterCorrected],
        "posted",
    ),
    "sent again, it takes nothing more": (
        [told(line(), line()), credited(line(number="9")), credited(line(number="9"))],
        [],
        "posted",
    ),
    "with all charges credited, the visit is void": (
        [told(line()), credited(line(number="9"))],
        [EncounterVoided],
        "voided",
    ),
    "a charge that was credited does not return": (
        [added(line(number="1")), credited(line(number="1")), added(line(number="1"))],
        [],
        "voided",
    ),
    "credit and charge in one message rebill": (
        [told(line()), credited(line(number="8"), charges=(line("G0444", "9"),))],
        [EncounterCorrected],
        "posted",
    ),
}


@pytest.mark.parametrize(("sent", "said", "state"), TABLE.values(), ids=TABLE.keys())
def test_what_the_last_send_makes_of_the_visit(
    sent: list[ToldVisit | ToldVoid], said: list[type[object]], state: str
) -> None:
    *_, last = after(*sent)
    assert [type(event) for event in last.events] == said
    assert last.now is not None
    assert last.now.state == state
    assert last.waits == (state == "waiting")


def test_a_void_of_what_was_never_heard_of_does_nothing() -> None:
    [nothing] = after(void())
    assert (nothing.now, nothing.events) == (None, ())


def test_a_correction_says_what_it_replaces() -> None:
    first, second, third = after(told(), told(service_on=date(2026, 4, 1)), void())
    [posted], [corrected], [voided] = first.events, second.events, third.events
    assert isinstance(corrected, EncounterCorrected)
    assert isinstance(voided, EncounterVoided)
    assert corrected.replaces is not None
    assert voided.replaces is not None
    assert (corrected.replaces.event_id, corrected.replaces.service_on) == (
        posted.event_id,
        date(2026, 3, 2),
    )
    assert (voided.replaces.event_id, voided.replaces.service_on) == (
        corrected.event_id,
        date(2026, 4, 1),
    )
    *_, again = after(told(), void(), told())
    [after_all] = again.events
    assert isinstance(after_all, EncounterCorrected)
    assert after_all.replaces is None


def test_a_partial_credit_leaves_the_other_units_and_their_amount() -> None:
    charge = line(units=3, charge_cents=300)
    *_, last = after(told(charge), credited(line(number="9", charge_cents=100)))
    assert last.now is not None
    [left] = last.now.visit.lines
    assert (left.units, left.charge_cents) == (2, 200)
    assert last.now.visit.ehr_charge_cents == 200


def test_lines_of_a_later_batch_point_at_their_own_diagnoses() -> None:
    *_, last = after(
        added(line(number="1", diagnoses=(1,))),
        added(line("G0444", "2", diagnoses=(1,)), diagnosis="E11.9"),
    )
    [event] = last.events
    assert isinstance(event, EncounterCorrected)
    assert event.diagnoses == ("I10", "E11.9")
    assert [one.diagnosis_pointers for one in event.lines] == [(1,), (2,)]


@pytest.mark.parametrize(
    ("sent", "code", "where"),
    [
        ([credited(line(number="9"))], "credit-without-charge", "FT1[1]"),
        ([told(), credited(line("G0444", "9"))], "credit-without-charge", "FT1[1]"),
        ([told(), credited(line(number="9", units=2))], "credit-without-charge", "FT1[1]"),
        (
            [added(line(number="1")), added(line(number="2"), service_on=date(2026, 3, 3))],
            "other-day",
            "PV1-19",
        ),
    ],
)
def test_what_does_not_fit_the_visit_is_refused_with_its_place(
    sent: list[ToldVisit | ToldVoid], code: str, where: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        after(*sent)
    [refusal] = refused.value.refusals
    assert (refusal.code, refusal.where) == (code, where)


def test_an_answer_is_asked_for_once_and_kept_for_when_the_visit_is_sent_again() -> None:
    [asked] = after(LACKS)
    assert asked.now is not None
    known = answered(asked.now, UNMAPPED, "I11.9")
    decision = look_again(known, ABOUT)
    [posted] = decision.events
    assert isinstance(posted, EncounterPosted)
    assert posted.diagnoses == ("I11.9",)


@pytest.mark.parametrize(
    ("lacking", "question", "answer"),
    [
        (
            told(place_of_service=None, visit_class="E"),
            Question("unmapped-place", "http://terminology.hl7.org/CodeSystem/v2-0004", "E"),
            "23",
        ),
        (told(), Question("missing-coverage"), "self-pay"),
    ],
)
def test_what_is_not_clinical_is_asked_at_the_front_desk(
    lacking: ToldVisit, question: Question, answer: str
) -> None:
    patient = replace(ABOUT.patient, coverage=None)
    about = replace(ABOUT, patient=patient, is_coverage_known=question.code is not None)
    [asked] = after(lacking, about=about)
    [opened] = asked.events
    assert isinstance(opened, QueryOpened)
    assert (opened.asked, opened.reason, opened.due_on) == (
        "front-desk",
        question.reason,
        date(2026, 3, 16),
    )
    assert asked.now is not None
    [posted] = look_again(answered(asked.now, question, answer), about).events
    assert isinstance(posted, EncounterPosted)
    assert posted.place_of_service == ("23" if question.code else "11")
    assert posted.coverage is None


def test_a_coverage_that_the_message_tells_is_not_asked_for() -> None:
    about = replace(ABOUT, is_coverage_known=False)
    [posted] = after(told(coverage=examples.COVERAGE, coverage_is_told=True), about=about)
    assert [type(event) for event in posted.events] == [EncounterPosted]


VERSIONS: list[ToldVisit | ToldVoid] = [
    told(),
    told(line(units=2)),
    told(line("G0444"), service_on=date(2026, 4, 1)),
    told(diagnosis="2"),
    told(provider_npi=None),
    void(),
]


@given(st.lists(st.sampled_from(VERSIONS), min_size=1, max_size=8))
def test_however_often_and_in_which_order_it_is_sent_the_last_version_stands(
    sent: list[ToldVisit | ToldVoid],
) -> None:
    decisions = after(*(one for version in sent for one in (version, version)))
    for again in decisions[1::2]:
        assert again.events == (), "the same twice says nothing"
    [only] = after(sent[-1])
    last = decisions[-1].now
    if only.now is None:
        assert last is None or last.state == "voided"
        return
    assert last is not None
    assert (last.visit, last.state, last.open) == (only.now.visit, only.now.state, only.now.open)
    if last.state == "posted":
        assert last.standing == only.now.standing
    told_last = [e for d in decisions for e in d.events if e.key == "encounter_id"]
    stands = bool(told_last) and not isinstance(told_last[-1], EncounterVoided)
    assert stands == (last.standing is not None), "what was said last is what stands"


@given(st.lists(st.sampled_from(["1", "2", "3"]), min_size=1, max_size=9))
def test_batches_in_any_order_and_number_add_up_to_the_same_charges(sent: list[str]) -> None:
    decisions = after(*(added(line(f"G040{number}", number)) for number in sent))
    last = decisions[-1].now
    assert last is not None
    assert {one.transaction_id for one in last.visit.lines} == {*sent}
    assert len(last.visit.lines) == len({*sent}), "none counts twice"
