"""Ready claims go out together: one interchange per practice and receiver, numbered gaplessly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from libs.events.transport import Timer, UnitOfWork
from services.billing.claims import sent, store
from services.billing.claims.follow_up import watch
from services.billing.claims.interchange import interchange_of
from services.billing.claims.outgoing import gather
from services.billing.exchange.checked import write_checked
from services.billing.exchange.send import send
from services.billing.facts.store import find_practice
from services.billing.office.store import find_office
from services.billing.payers.model import PayerTerms, Route, route_of
from services.billing.payers.store import read_directory


async def submit_claims(timer: Timer, uow: UnitOfWork) -> None:
    """Put what is ready for the payer into one interchange, with what goes to payers that share
    its receiver, and set it on its way."""
    await store.lock_standing(uow.db, uow.practice_id)
    payers = await store.list_payers_to_send_to(uow.db, uow.practice_id)
    if not payers:
        return
    payer_id, practice = timer.key, await find_practice(uow.db, uow.practice_id)
    directory = await read_directory(uow.db, uow.practice_id)
    route = _route(payer_id, directory, practice)
    together = [one for one in payers if _route(one, directory, practice) == route]
    most = _most(directory, (payer_id, *together))
    outgoing = await gather(uow, together, most)
    if not outgoing:
        return
    if len(outgoing) == most:
        await uow.set_timer(timer.name, payer_id, uow.now)
    office = await find_office(uow.db, uow.practice_id)
    said = [one.said for one in outgoing]

    def write(number: int) -> bytes:
        return write_checked(interchange_of(number, practice, office, route, said, uow.now))

    number = await send(uow, "837", payer_id, write)
    for one in outgoing:
        await one.went_out(uow, number)
    await sent.set_interchange(uow.db, uow.practice_id, [one.claim for one in outgoing], number)
    for one in outgoing:
        await watch(uow, one.claim.claim_id)


def _most(directory: Mapping[str, PayerTerms], payers: Sequence[str]) -> int:
    """How many claims may travel together."""
    return min(directory.get(one, PayerTerms()).claims_per_interchange for one in payers)


def _route(
    payer_id: str, directory: Mapping[str, PayerTerms], practice: Mapping[str, Any]
) -> Route:
    return route_of(payer_id, directory.get(payer_id, PayerTerms()), practice["tax_id"])
