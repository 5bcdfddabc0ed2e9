"""Loads what an 837P says of claims, and tells beforehand what it could not say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from libs.events.contracts.interop import EncounterPosted
from libs.events.transport import UnitOfWork
from services.billing.claims import store
from services.billing.claims.attachments import list_announced
from services.billing.claims.biller import Biller, read_biller
from services.billing.claims.interchange import BilledBy, professional_claim
from services.billing.claims.model import Claim
from services.billing.claims.others import other_payers
from services.billing.coordination.store import decided_before
from services.billing.facts.store import find_providers
from services.billing.x12.claims_837p import ProfessionalClaim
from services.billing.x12.claims_837p_cob import OtherPayer


@dataclass(frozen=True, slots=True)
class Draft:
    """A claim with its visit and its priced lines, which need not be kept yet."""

    claim: Claim
    encounter: EncounterPosted
    lines: Sequence[Mapping[str, Any]]


async def compose(
    uow: UnitOfWork, biller: Biller, drafts: Sequence[Draft]
) -> list[ProfessionalClaim]:
    """The claims as they go out, in this order; their clinicians are credentialed."""
    npis = {draft.encounter.provider_npi for draft in drafts}
    providers = await find_providers(uow.db, uow.practice_id, npis)
    claim_ids = [draft.claim.claim_id for draft in drafts]
    announced = await list_announced(uow.db, uow.practice_id, claim_ids)
    composed: list[ProfessionalClaim] = []
    for draft in drafts:
        claim, encounter = draft.claim, draft.encounter
        assert claim.payer_id is not None
        billed_by = BilledBy(
            npi=biller.practice["npi"],
            terms=biller.terms_of(claim.payer_id),
            facility=biller.facilities.get(encounter.place_of_service),
        )
        provider = providers[encounter.provider_npi]
        others = await _others(uow, biller, claim, encounter)
        said = professional_claim(claim, encounter, provider, draft.lines, billed_by, others)
        composed.append(replace(said, attachments=announced.get(claim.claim_id, ())))
    return composed


async def compose_kept(
    uow: UnitOfWork, biller: Biller, claims: Sequence[Claim]
) -> list[ProfessionalClaim]:
    """Claims as their visits and lines are kept."""
    encounters = await store.read_encounters(uow, claims)
    lines = await store.read_lines_of(uow.db, uow.practice_id, list(encounters))
    drafts = [Draft(claim, encounters[claim.claim_id], lines[claim.claim_id]) for claim in claims]
    return await compose(uow, biller, drafts)


async def _others(
    uow: UnitOfWork, biller: Biller, claim: Claim, encounter: EncounterPosted
) -> tuple[OtherPayer, ...]:
    """Who else pays for the visit, and what those before decided; mostly nobody."""
    if not encounter.other_coverages:
        return ()
    filing_codes = {one: biller.terms_of(one).filing_code for one in claim.payers}
    return other_payers(claim, encounter, await decided_before(uow.db, claim), filing_codes)


async def unwritable_element(
    uow: UnitOfWork, claim: Claim, encounter: EncounterPosted
) -> str | None:
    """The place in the 837P that cannot be written as the visit stands, such as `2010BA N301`.

    Asked before a claim is ready: one that cannot be written would stop its whole interchange.
    """
    assert claim.payer_id is not None
    biller = await read_biller(uow, claim.payers)
    draft = Draft(claim, encounter, await store.read_lines(uow.db, claim))
    [said] = await compose(uow, biller, [draft])
    return biller.unwritable(claim.payer_id, said, uow.now)
