"""Loads what an 837P says of a claim, and tells beforehand what it could not say."""

from __future__ import annotations

from libs.events.contracts.interop import EncounterPosted
from libs.events.transport import UnitOfWork
from services.billing.claims import store
from services.billing.claims.interchange import professional_claim, write_interchange
from services.billing.claims.model import Claim
from services.billing.facts.store import find_practice, find_provider
from services.billing.x12 import RefusedElementError
from services.billing.x12.claims_837p import ProfessionalClaim


async def compose_claim(
    uow: UnitOfWork, claim: Claim, encounter: EncounterPosted
) -> ProfessionalClaim:
    """The claim as it goes out; its clinician is credentialed, its lines are priced."""
    assert claim.provider_npi is not None
    provider = await find_provider(uow.db, uow.practice_id, claim.provider_npi)
    lines = await store.read_lines(uow.db, claim)
    return professional_claim(claim, encounter, provider, lines)


async def unwritable_element(
    uow: UnitOfWork, claim: Claim, encounter: EncounterPosted
) -> str | None:
    """The place in the 837P that cannot be written as the visit stands, such as `2010BA N301`.

    Asked before a claim is ready: one that cannot be written would stop its whole interchange.
    """
    practice = await find_practice(uow.db, uow.practice_id)
    alone = [await compose_claim(uow, claim, encounter)]
    try:
        write_interchange(1, practice, alone, uow.now)
    except RefusedElementError as refused:
        return refused.element
    return None
