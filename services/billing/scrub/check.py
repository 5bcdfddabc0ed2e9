"""A claim is scrubbed: load what the rules look at, let them decide, keep what they found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from libs.events.contracts.interop import EncounterPosted
from libs.events.transport import UnitOfWork
from services.billing.claims.model import Claim
from services.billing.eligibility.inquiries import question_on
from services.billing.eligibility.model import Question, Standing
from services.billing.eligibility.store import coverage_on
from services.billing.payers.model import PayerTerms, filing_deadline
from services.billing.scrub import store
from services.billing.scrub.catalogue import REVISION, scrub
from services.billing.scrub.editions import packaged
from services.billing.scrub.model import (
    ClaimFacts,
    CodeList,
    Edit,
    Line,
    Pair,
    UnitLimit,
    look_again_on,
    stopping,
)
from services.billing.scrub.rules.payer import WAITS
from services.billing.x12.code_lists import MEDICARE


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """The rules that hold the claim; none: it may go. `is_news`: others held it before."""

    stopped_by: tuple[str, ...]
    is_news: bool
    look_again_on: date | None
    """The day on which time alone mends something of it."""


async def scrub_claim(
    uow: UnitOfWork,
    claim: Claim,
    encounter: EncounterPosted,
    *,
    replacement: Sequence[Mapping[str, Any]] | None = None,
) -> Scrubbed:
    """Ask of a priced claim with a payer; the caller holds it and `lock_standing`.

    `replacement`: its lines, where it goes out in place of what the payer has (837P CLM05-3 7). The
    same rules are asked, of the payer's days for a corrected claim, and what the payer has of the
    claim is no duplicate of it. Whether the claim was clean is known since it went out first.
    """
    diagnoses = [code.replace(".", "") for code in encounter.diagnoses]
    raw = await store.read_facts(uow.db, claim, diagnoses, replacement)
    assert claim.patient_id is not None
    assert claim.payer_id is not None
    coverage = await coverage_on(
        uow.db, uow.practice_id, claim.patient_id, claim.payer_id, claim.service_on
    )
    question = await _question(uow, claim, coverage, raw["terms"])
    facts = facts_of(encounter, raw, coverage, uow.now.date(), question)
    edits = scrub(facts)
    stopped_by = stopping(edits, raw["overridden"] or ())
    is_clean = replacement is not None or not is_touched(edits)
    await store.save_edits(uow.db, claim, edits, REVISION, uow.now, is_clean=is_clean)
    before = stopping_before(raw)
    return Scrubbed(stopped_by, before != stopped_by, look_again_on(edits))


def is_touched(edits: Iterable[Edit]) -> bool:
    """Whether somebody has to mend something."""
    return any(edit.severity == "error" and edit.rule_id not in WAITS for edit in edits)


async def _question(
    uow: UnitOfWork, claim: Claim, coverage: Standing, terms: dict[str, Any] | None
) -> Question:
    """Only of a payer that answers such questions, and that has not said how it stands."""
    if coverage != "unknown" or terms is None:
        return "none"
    if not PayerTerms.model_validate(terms).answers_eligibility:
        return "none"
    assert claim.patient_id is not None
    assert claim.payer_id is not None
    return await question_on(
        uow.db, uow.practice_id, claim.patient_id, claim.payer_id, claim.service_on
    )


async def note_unwritable(uow: UnitOfWork, claim: Claim) -> None:
    """An 837P cannot carry it, which is an edit too: somebody has to mend it."""
    await store.note_not_clean(uow.db, claim)


def stopping_before(raw: dict[str, Any]) -> tuple[str, ...]:
    """The rules that held the claim when it was last looked at."""
    return tuple(sorted(set(raw["stopped_by"] or ()) - set(raw["overridden"] or ())))


def facts_of(
    encounter: EncounterPosted,
    raw: dict[str, Any],
    coverage: Standing,
    as_of: date,
    question: Question,
) -> ClaimFacts:
    """The visit, and what `store.read_facts` found about it."""
    return ClaimFacts(
        as_of=as_of,
        service_on=encounter.service_on,
        place_of_service=encounter.place_of_service,
        diagnoses=tuple(code.replace(".", "") for code in encounter.diagnoses),
        lines=_lines(raw["lines"]),
        born_on=encounter.person.birth_on,
        sex=encounter.person.sex,
        billing_npi=raw["billing_npi"],
        rendering_npi=encounter.provider_npi,
        referring_npi=encounter.referring.npi if encounter.referring else None,
        has_authorization=encounter.prior_authorization is not None,
        coverage=coverage,
        coverage_question=question,
        filing_deadline=_deadline(raw, encounter.service_on),
        unexplained_medicare=_is_unexplained(encounter, raw["filing_codes"] or {}),
        authorization_codes=frozenset(raw["authorization_codes"] or ()),
        diagnosis_list=_listed(raw, "icd-10-cm") or packaged().on(encounter.service_on),
        procedure_list=_listed(raw, "procedures"),
        pairs=tuple(_pair(row) for row in raw.get("ncci-pairs") or ()),
        unit_limits={
            code: UnitLimit(units, mai) for code, units, mai in raw.get("ncci-units") or ()
        },
        same_day=_lines(raw["same_day"]),
        replaced=_lines(raw.get("replaced")),
    )


def _is_unexplained(encounter: EncounterPosted, filing_codes: Mapping[str, str]) -> bool:
    return any(
        filing_codes.get(coverage.payer_id) in MEDICARE and coverage.medicare_secondary is None
        for coverage in encounter.other_coverages
    )


def _lines(rows: Sequence[Mapping[str, Any]] | None) -> tuple[Line, ...]:
    return tuple(
        Line(
            row["line_number"],
            row["procedure_code"],
            tuple(row["modifiers"]),
            row["units"],
            tuple(row["diagnosis_pointers"]),
            row["charge_cents"],
        )
        for row in rows or ()
    )


def _deadline(raw: dict[str, Any], service_on: date) -> date | None:
    if raw["terms"] is None:
        return None
    terms = PayerTerms.model_validate(raw["terms"])
    return filing_deadline(terms, service_on, is_corrected="replaced" in raw)


def _pair(row: list[Any]) -> Pair:
    column1, column2, effective_on, deleted_on, indicator = row
    return Pair(
        column1,
        column2,
        date.fromisoformat(effective_on),
        date.fromisoformat(deleted_on) if deleted_on else None,
        indicator,
    )


def _listed(raw: dict[str, Any], kind: str) -> CodeList | None:
    """The practice's own list, where it loaded one for the day of service."""
    edition = (raw["editions"] or {}).get(kind)
    if edition is None:
        return None
    return CodeList(edition, judges=True, valid=frozenset(raw[kind] or ()))
