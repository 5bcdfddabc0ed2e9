"""What came in from a payer or the bank: acknowledgements, remittances, deposits; each once."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, Literal
from uuid import UUID

import structlog
from pydantic import ValidationError

from libs.events.transport import UnitOfWork, Work
from libs.events.transport.keys import KeyUnavailableError
from libs.events.transport.steps import reached
from services.billing.answers.acknowledge import (
    take_claim_statuses,
    take_interchange_verdicts,
    take_set_verdicts,
)
from services.billing.answers.address import refuse_misaddressed
from services.billing.answers.refusals import RefusedFileError, refusal_of
from services.billing.deposits.ach import is_ach, take_deposits
from services.billing.eligibility.answer import take_coverage_answers
from services.billing.exchange.directory import ExchangeSettings, sha256
from services.billing.exchange.port import (
    OF_ONE_FILE,
    Exchange,
    ExchangeError,
    Failure,
    Fate,
    Waiting,
)
from services.billing.exchange.ways import open_exchange
from services.billing.remittances.post import post_remittances
from services.billing.status.answer import take_status_answers
from services.billing.x12 import (
    TransactionName,
    X12Error,
    identify,
    read_277,
    read_277ca,
    read_999,
    read_ta1,
)

log = structlog.get_logger("billing.answers")

KNOWN_FILE = """
SELECT verdict FROM inbound_file
 WHERE practice_id = $1 AND name = $2 AND sha256 = $3 AND verdict <> 'refused'
"""
KNOWN_CONTENT = """
SELECT name FROM inbound_file WHERE practice_id = $1 AND sha256 = $2 AND verdict = 'posted'
"""
NOTE_FILE = """
INSERT INTO inbound_file (practice_id, sha256, name, kind, verdict, code, place, fix, seen_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (practice_id, name, sha256) DO UPDATE
   SET kind = excluded.kind, verdict = excluded.verdict, code = excluded.code,
       place = excluded.place, fix = excluded.fix, seen_at = excluded.seen_at
 WHERE inbound_file.verdict = 'refused'
"""


async def read_answers(work: Work) -> None:
    """Read every file that waits, practice by practice; one that cannot be read is put aside."""
    root = ExchangeSettings().exchange_dir
    for folder in sorted(root.iterdir()) if root.is_dir() else []:
        try:
            practice_id = UUID(folder.name)
        except ValueError:
            continue
        async with open_exchange(practice_id, None) as exchange:
            await take_files(work, practice_id, exchange, await exchange.list())


async def take_files(
    work: Work, practice_id: UUID, exchange: Exchange, files: Iterable[Waiting]
) -> Failure | None:
    """Take each file; it is removed where it waited once its transaction is committed.

    A crash in between finds it known. Returns what is wrong with a file that could not be had.
    """
    failure: Failure | None = None
    for file in files:
        try:
            path = await exchange.fetch(file)
            reached("file.fetched")
            fate = path and await _read_file(work, practice_id, path)
            reached("file.taken")
            if fate is not None:
                await exchange.remove(file, fate)
                reached("file.removed")
        except ExchangeError as error:
            if error.failure not in OF_ONE_FILE:
                raise
            failure = error.failure
    return failure


async def _read_file(work: Work, practice_id: UUID, path: Path) -> Fate | None:
    """Take a file in one transaction; None: it waits.

    A refused file is read anew when somebody puts it back.
    """
    digest = sha256(path)
    try:
        async with work.unit_of_work(practice_id) as uow:
            verdict = await uow.db.fetchval(KNOWN_FILE, practice_id, path.name, digest)
            if verdict is None:
                await _take(uow, path, digest)
    except KeyUnavailableError:
        log.warning("file waits for the practice's key", practice=str(practice_id), file=path.name)
        return None
    except (X12Error, ValidationError, RefusedFileError) as error:
        await _note_refusal(work, practice_id, path, digest, refusal_of(error))
        return "refused"
    return "posted"


async def _take(uow: UnitOfWork, path: Path, digest: bytes) -> None:
    """Take the file in, unless its content came before."""
    known = await uow.db.fetchval(KNOWN_CONTENT, uow.practice_id, digest)
    verdict = "duplicate" if known else "posted"
    with path.open("rb") as stream:
        kind = "ACH" if is_ach(stream) else identify(stream)
        if kind != "ACH":
            refuse_misaddressed(stream)
        if verdict == "posted":
            verdict = await _dispatch(uow, kind, stream)
    await uow.db.execute(
        NOTE_FILE, uow.practice_id, digest, path.name, kind, verdict, None, None, None, uow.now
    )


async def _dispatch(
    uow: UnitOfWork, kind: TransactionName | Literal["ACH"], stream: BinaryIO
) -> str:
    match kind:
        case "TA1":
            await take_interchange_verdicts(uow, read_ta1(stream))
        case "999":
            await take_set_verdicts(uow, read_999(stream))
            stream.seek(0)  # an interchange may hold a TA1 beside its 999s
            await take_interchange_verdicts(uow, read_ta1(stream))
        case "277CA":
            await take_claim_statuses(uow, read_277ca(stream))
        case "271":
            await take_coverage_answers(uow, stream)
        case "277":
            await take_status_answers(uow, read_277(stream))
        case "835":
            return await post_remittances(uow, stream)
        case "ACH":
            await take_deposits(uow, stream)
        case _:
            raise RefusedFileError(
                "unexpected-transaction",
                "ST01",
                "Send TA1, 999, 277CA, 277, 271, 835 or ACH files here.",
            )
    return "posted"


async def _note_refusal(
    work: Work, practice_id: UUID, path: Path, digest: bytes, refusal: RefusedFileError
) -> None:
    log.warning("file refused", practice=str(practice_id), file=path.name, code=refusal.code)
    kind = path.suffix.removeprefix(".")
    async with work.unit_of_work(practice_id) as uow:
        await uow.db.execute(
            NOTE_FILE, practice_id, digest, path.name, kind, "refused", refusal.code,
            refusal.place, refusal.fix, uow.now,
        )  # fmt: skip
