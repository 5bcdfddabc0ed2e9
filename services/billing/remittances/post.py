"""An 835 is posted once, and only if it balances: first it is read to its end, then posted.

Two passes over the stream: the first (`first_reading.py`) tells whether all of it can be believed.
"""

from __future__ import annotations

from typing import BinaryIO
from uuid import uuid5

from libs.events.transport import UnitOfWork
from services.billing.answers.refusals import RefusedFileError
from services.billing.deposits.handlers import expect_deposit
from services.billing.provider_adjustments.adjust import adjust_provider
from services.billing.remittances import store
from services.billing.remittances.changes import Payment
from services.billing.remittances.first_reading import Content, read_through
from services.billing.remittances.run import InPosting, Remitted, Run, post_run
from services.billing.x12 import (
    ProviderAdjustment,
    RemittanceHeader,
    RemittanceTrailer,
    read_835,
)

CLAIMS_IN_A_RUN = 500
"""Posted together: a statement for each table, and not for each claim."""


async def post_remittances(
    uow: UnitOfWork, stream: BinaryIO, *, claims_in_a_run: int = CLAIMS_IN_A_RUN
) -> str:
    """Post every payment of a file that was not posted before; `duplicate` where none was new.

    Raises RefusedFileError where one does not balance or repeats a trace number with other content:
    the file then posts nothing.
    """
    contents = read_through(stream, uow.now.date())
    stream.seek(0)
    posting: InPosting | None = None
    run = Run(claims_in_a_run)
    new = 0
    for place, said in enumerate(read_835(stream), 1):
        if posting is not None and run.claims and not run.takes(said):
            await post_run(uow, posting, run.claims)
            run = Run(claims_in_a_run)
        if isinstance(said, RemittanceHeader):
            posting = await _open(uow, said, contents.pop(0))
            new += posting is not None
        elif posting is None or isinstance(said, RemittanceTrailer):
            continue  # a payment that was posted before
        elif isinstance(said, ProviderAdjustment):
            await adjust_provider(uow, posting.payment, place, said)
        else:
            run.add(Remitted(place, said))
    return "posted" if new else "duplicate"


async def _open(uow: UnitOfWork, header: RemittanceHeader, content: Content) -> InPosting | None:
    name = f"{header.payer}/{header.payer_trace_id}/{header.trace_number}"
    remittance_id = uuid5(uow.practice_id, f"remittance/{name}")
    known = await store.add_remittance(
        uow.db, uow.practice_id, remittance_id, header, content.digest, uow.now
    )
    if known is None:
        await expect_deposit(uow, remittance_id, header)
        payment = Payment(remittance_id, header.payer, header.trace_number, header.paid_on)
        return InPosting(payment, content.reversals)
    if known != content.digest:
        raise RefusedFileError(
            "trace-number-reused",
            "TRN02",
            "Ask the payer whether this replaces the payment that had its number before.",
        )
    return None
