"""Loads what an 837P says of a claim, and tells beforehand what it could not say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from libs.events.contracts.interop import EncounterPosted
from libs.events.transport import UnitOfWork
from services.billing.claims import store
from services.billing.claims.attachments import list_announced
from services.billing.claims.interchange import BilledBy, interchange_of, professional_claim
from services.billing.claims.model import Claim
from services.billing.claims.others import other_payers
from services.billing.coordination.store import decided_before
from services.billing.exchange.checked import InterchangeDiffersError, write_checked
from services.billing.facts.store import find_practice, find_provider
from services.billing.office.store import find_facility, find_office
from services.billing.payers.model import route_of
from services.billing.payers.store import find_terms
from services.billing.x12 import RefusedElementError
from services.billing.x12.claims_837p import ProfessionalClaim
from services.billing.x12.claims_837p_cob import OtherPayer


async def compose_claim(
    uow: UnitOfWork,
    claim: Claim,
    encounter: EncounterPosted,
    lines: Sequence[Mapping[str, Any]] | None = None,
) -> ProfessionalClaim:
    """The claim as it goes out; its clinician is credentialed, its lines are priced.

    `lines`: priced ones that are not the claim's yet.
    """
    assert claim.provider_npi is not None
    assert claim.payer_id is not None
    provider = await find_provider(uow.db, uow.practice_id, claim.provider_npi)
    if lines is None:
        lines = await store.read_lines(uow.db, claim)
    practice = await find_practice(uow.db, uow.practice_id)
    billed_by = BilledBy(
        npi=practice["npi"],
        terms=await find_terms(uow.db, uow.practice_id, claim.payer_id),
        facility=await find_facility(uow.db, uow.practice_id, encounter.place_of_service),
    )
    others = await _others(uow, claim, encounter)
    said = professional_claim(claim, encounter, provider, lines, billed_by, others)
    return replace(said, attachments=await list_announced(uow.db, claim))


async def _others(
    uow: UnitOfWork, claim: Claim, encounter: EncounterPosted
) -> tuple[OtherPayer, ...]:
    """Who else pays for the visit, and what those before decided; mostly nobody."""
    if not encounter.other_coverages:
        return ()
    filing_codes = {
        payer_id: (await find_terms(uow.db, uow.practice_id, payer_id)).filing_code
        for payer_id in claim.payers
    }
    decided = await decided_before(uow.db, claim)
    return other_payers(claim, encounter, decided, filing_codes)


async def unwritable_element(
    uow: UnitOfWork, claim: Claim, encounter: EncounterPosted
) -> str | None:
    """The place in the 837P that cannot be written as the visit stands, such as `2010BA N301`.

    Asked before a claim is ready: one that cannot be written would stop its whole interchange.
    """
    return await unwritable(uow, claim, await compose_claim(uow, claim, encounter))


async def unwritable(uow: UnitOfWork, claim: Claim, said: ProfessionalClaim) -> str | None:
    """The place of a composed claim that cannot be written, or None."""
    assert claim.payer_id is not None
    practice = await find_practice(uow.db, uow.practice_id)
    office = await find_office(uow.db, uow.practice_id)
    terms = await find_terms(uow.db, uow.practice_id, claim.payer_id)
    route = route_of(claim.payer_id, terms, practice["tax_id"])
    try:
        write_checked(interchange_of(1, practice, office, route, [said], uow.now))
    except RefusedElementError as refused:
        return refused.element
    except InterchangeDiffersError as differs:
        return differs.code
    return None
