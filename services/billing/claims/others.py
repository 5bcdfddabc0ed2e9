"""The payers that a claim does not go to, as its 837P names them (005010X222A1, loop 2320)."""

from __future__ import annotations

from collections.abc import Mapping

from libs.events.contracts.interop import EncounterPosted
from libs.events.contracts.people import Coverage
from services.billing.claims.model import ORDER, Claim, PayerSequence, coverages_of
from services.billing.x12 import plain_text
from services.billing.x12.claims_837p import Payer, Person
from services.billing.x12.claims_837p_cob import Adjudication, OtherPayer, OtherSubscriber
from services.billing.x12.code_lists import MEDICARE

RELATIONSHIPS = {"self": "18", "spouse": "01", "child": "19", "other": "G8"}
"""SBR02 and PAT01, individual relationship code."""


def coverage_of(claim: Claim, encounter: EncounterPosted) -> Coverage:
    """The coverage of the payer that has the claim, or that it goes to."""
    return coverages_of(encounter)[ORDER.index(claim.payer_sequence)]


def other_payers(
    claim: Claim,
    encounter: EncounterPosted,
    decided: Mapping[PayerSequence, Adjudication],
    filing_codes: Mapping[str, str],
) -> tuple[OtherPayer, ...]:
    """All others that are known to pay for the visit, with what those before decided.

    `filing_codes`: SBR09 by payer.
    """
    return tuple(
        OtherPayer(
            sequence=place,
            payer=Payer(plain_text(coverage.payer_name), coverage.payer_id),
            subscriber=_subscriber(coverage, encounter, filing_codes[coverage.payer_id], place),
            adjudication=decided.get(place),
        )
        for place, coverage in zip(ORDER, coverages_of(encounter), strict=False)
        if place != claim.payer_sequence
    )


def insurance_type(coverage: Coverage, place: PayerSequence, filing_code: str) -> str | None:
    """SBR05; it is not said of a payer that is no Medicare, or that is asked first."""
    if place == "P" or filing_code not in MEDICARE:
        return None
    return coverage.medicare_secondary


def _subscriber(
    coverage: Coverage, encounter: EncounterPosted, filing_code: str, place: PayerSequence
) -> OtherSubscriber:
    """The insured person; the patient's name where another one was not told."""
    named = coverage.subscriber or encounter.person
    return OtherSubscriber(
        name=Person(plain_text(named.family), plain_text(named.given)),
        member_id=coverage.member_id,
        relationship=RELATIONSHIPS[coverage.relationship],
        filing_code=filing_code,
        group_number=coverage.group_number,
        insurance_type=insurance_type(coverage, place, filing_code),
    )
