"""A posted visit becomes a claim: priced, and on its way as far as the facts allow."""

from __future__ import annotations

from libs.events.contracts.interop import EncounterPosted
from libs.events.transport import UnitOfWork
from services.billing.claims import store
from services.billing.claims.model import Claim, State, claim_id_of, control_number_of
from services.billing.claims.release import advance


async def post_charges(encounter: EncounterPosted, uow: UnitOfWork) -> None:
    """Open the visit's claim; what it waits for, if anything, is decided by `advance`."""
    await store.lock_standing(uow.db, uow.practice_id)
    count = await store.next_number(uow.db, uow.practice_id, "claim")
    claim = Claim(
        practice_id=encounter.practice_id,
        claim_id=claim_id_of(encounter.encounter_id),
        encounter_id=encounter.encounter_id,
        patient_id=encounter.patient_id,
        control_number=control_number_of(count, uow.practice_id),
        payer_id=encounter.coverage.payer_id if encounter.coverage else None,
        provider_npi=encounter.provider_npi,
        service_on=encounter.service_on,
        charge_cents=0,
        state=State.HELD,
        hold_reason=None,
        was_refused=False,
        interchange_number=None,
        payer_claim_number=None,
        origin=uow.origin.dump(),
    )
    await store.add_claim(uow, claim, encounter)
    await advance(uow, claim, encounter)
