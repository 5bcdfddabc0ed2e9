"""Ready claims go out together: one interchange per practice and receiver, numbered gaplessly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from libs.events.contracts.billing import ClaimSubmitted
from libs.events.contracts.values import ClaimId, PracticeId, month_of
from libs.events.transport import Origin, Timer, UnitOfWork
from services.billing.claims import store
from services.billing.claims.compose import compose_claim
from services.billing.claims.interchange import interchange_of
from services.billing.claims.model import State
from services.billing.exchange.checked import write_checked
from services.billing.exchange.send import send
from services.billing.facts.store import find_practice
from services.billing.office.store import find_office
from services.billing.payers.model import PayerTerms, Route, route_of
from services.billing.payers.store import read_directory


async def submit_claims(timer: Timer, uow: UnitOfWork) -> None:
    """Put the payer's ready claims into one interchange, with those of payers that share its
    receiver, and set it on its way."""
    if not await store.list_ready_payers(uow.db, uow.practice_id):
        return
    payer_id, practice = timer.key, await find_practice(uow.db, uow.practice_id)
    directory = await read_directory(uow.db, uow.practice_id)
    payers, most = await _sharing(uow, payer_id, directory, practice)
    claims = await store.lock_ready(uow.db, uow.practice_id, payers, most)
    if not claims:
        return
    if len(claims) == most:
        await uow.set_timer(timer.name, payer_id, uow.now)
    said = [
        await compose_claim(uow, claim, await store.read_encounter(uow, claim)) for claim in claims
    ]
    route = _route(payer_id, directory, practice)
    office = await find_office(uow.db, uow.practice_id)

    def write(number: int) -> bytes:
        return write_checked(interchange_of(number, practice, office, route, said, uow.now))

    number = await send(uow, "837", payer_id, write)
    await store.set_interchange(uow.db, uow.practice_id, claims, number)
    for claim in claims:
        assert claim.payer_id is not None
        submitted = ClaimSubmitted(
            practice_id=PracticeId(uow.practice_id),
            claim_id=ClaimId(claim.claim_id),
            payer_id=claim.payer_id,
            interchange_number=number,
            charge_cents=claim.charge_cents,
            service_month=month_of(claim.service_on),
        )
        origin = await uow.publish(submitted, origin=Origin.load(claim.origin))
        await store.move(uow.db, claim, State.SUBMITTED, uow.now, origin=origin.dump())


async def _sharing(
    uow: UnitOfWork, payer_id: str, directory: Mapping[str, PayerTerms], practice: Mapping[str, Any]
) -> tuple[list[str], int]:
    """The payers whose claims travel the same way, and how many claims may do so together."""
    route = _route(payer_id, directory, practice)
    ready = await store.list_ready_payers(uow.db, uow.practice_id)
    payers = [one for one in ready if _route(one, directory, practice) == route]
    terms = [directory.get(one, PayerTerms()) for one in (payer_id, *payers)]
    return payers, min(one.claims_per_interchange for one in terms)


def _route(
    payer_id: str, directory: Mapping[str, PayerTerms], practice: Mapping[str, Any]
) -> Route:
    return route_of(payer_id, directory.get(payer_id, PayerTerms()), practice["tax_id"])
