"""Ready claims go out together: one interchange per practice and receiver, numbered gaplessly."""

from __future__ import annotations

from libs.events.transport import Timer, UnitOfWork
from services.billing.claims import sent, store
from services.billing.claims.biller import read_biller
from services.billing.claims.follow_up import watch
from services.billing.claims.moves import move_all
from services.billing.claims.outgoing import gather
from services.billing.exchange.send import send


async def submit_claims(timer: Timer, uow: UnitOfWork) -> None:
    """Put what is ready for the payer into one interchange, with what goes to payers that share
    its receiver, and set it on its way."""
    await store.lock_standing(uow.db, uow.practice_id)
    payers = await store.list_payers_to_send_to(uow.db, uow.practice_id)
    if not payers:
        return
    biller = await read_biller(uow)
    payer_id, route = timer.key, biller.route_to(timer.key)
    together = [one for one in payers if biller.route_to(one) == route]
    most = min(biller.terms_of(one).claims_per_interchange for one in (payer_id, *together))
    outgoing = await gather(uow, biller, together, most)
    if not outgoing:
        return
    if len(outgoing) == most:
        await uow.set_timer(timer.name, payer_id, uow.now)
    said = [one.said for one in outgoing]

    def write(number: int) -> bytes:
        return biller.write(number, payer_id, said, uow.now)

    number = await send(uow, "837", payer_id, route, write)
    moves = [await one.went_out(uow, number) for one in outgoing]
    await move_all(uow.db, uow.practice_id, moves, uow.now)
    await sent.set_interchange(uow.db, uow.practice_id, [one.claim for one in outgoing], number)
    await watch(uow, [one.claim for one in outgoing])
