"""The bank's notice of payers' money: a file of ACH records, of which CCD+ entries are read.

Source: Nacha Operating Rules, appendix three (ACH record formats: 94 characters, type in the
first); 45 CFR 162.1602: a health plan pays by CCD with an addenda record that holds the 835's TRN,
and its batch is described as HCCLAIMPMT. Batches and entries of other kinds are passed by; counts,
hash and totals must be true.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import BinaryIO
from uuid import UUID, uuid5

from libs.events.transport import UnitOfWork
from services.billing.answers.refusals import RefusedFileError
from services.billing.deposits.handlers import OtherDepositError, record_deposit
from services.billing.deposits.model import Deposit

LENGTH = 94
LARGEST_FILE = 10_000_000
CREDITS = frozenset({"22", "32"})
"""Money into a checking or savings account; prenotes and debits are others."""
RECORDED_BY = "bank"
_RESEND = "Ask the bank for the file again; it was cut or put together wrongly."


@dataclass
class _Totals:
    """What control records 8 and 9 must say."""

    records: int = 0
    hash: int = 0
    debits: int = 0
    credits: int = 0
    batches: int = 0

    def add(self, other: _Totals) -> None:
        self.records += other.records
        self.hash += other.hash
        self.debits += other.debits
        self.credits += other.credits
        self.batches += 1


@dataclass
class _Batch:
    header: str
    totals: _Totals = field(default_factory=_Totals)
    entry: str = ""

    @property
    def is_claim_payment(self) -> bool:
        return self.header[50:53] == "CCD" and self.header[53:63].strip() == "HCCLAIMPMT"


def is_ach(stream: BinaryIO) -> bool:
    """Whether the file begins as one of ACH records; the stream is left where it was."""
    start = stream.tell()
    head = stream.read(3)
    stream.seek(start)
    return head == b"101"


async def take_deposits(uow: UnitOfWork, stream: BinaryIO) -> None:
    """Record every payment of a health plan that the file tells of; all of them, or none."""
    for deposit in list(read_deposits(stream, uow.practice_id)):
        try:
            await record_deposit(uow, deposit, RECORDED_BY)
        except OtherDepositError:
            raise RefusedFileError(
                "deposit-changed", "record 6", "Ask the bank which of its two notices is right."
            ) from None


def read_deposits(stream: BinaryIO, practice_id: UUID) -> Iterator[Deposit]:
    """The file's deposits; raises RefusedFileError for the first record that cannot be."""
    whole, batch = _Totals(), None
    closed = False
    for number, record in enumerate(_records(stream), 1):
        match record[0]:
            case "1" if number == 1:
                pass
            case "5" if batch is None and not closed and number > 1:
                batch = _Batch(record)
            case "6" if batch is not None:
                _count(batch, record, number)
            case "7" if batch is not None and batch.entry:
                batch.totals.records += 1
                if batch.is_claim_payment and batch.entry[1:3] in CREDITS:
                    yield _deposit(batch, record, number, practice_id)
                batch.entry = ""
            case "8" if batch is not None:
                _check(batch.totals, record, _BATCH_CONTROL, number)
                whole.add(batch.totals)
                batch = None
            case "9" if batch is None and not closed and number > 1:
                _check(whole, record, _FILE_CONTROL, number)
                closed = True
            case "9" if closed and record == "9" * LENGTH:
                pass  # the block is filled up
            case _:
                raise RefusedFileError("ach-order", f"record {number}", _RESEND)
    if not closed:
        raise RefusedFileError("ach-order", "the end of the file", _RESEND)


def _records(stream: BinaryIO) -> Sequence[str]:
    content = stream.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise RefusedFileError("ach-too-large", "the file", "Ask the bank for smaller files.")
    lines = content.decode("latin-1").splitlines()
    for number, line in enumerate(lines, 1):
        if len(line) != LENGTH or not line.isascii() or not line.isprintable():
            raise RefusedFileError("ach-record", f"record {number}", _RESEND)
    return lines


def _count(batch: _Batch, record: str, number: int) -> None:
    cents = _number(record, 29, 39, number)
    batch.entry = record
    batch.totals.records += 1
    batch.totals.hash += _number(record, 3, 11, number)
    # Transaction codes: the second digit tells credits (1 to 4) from debits (6 to 9).
    if record[2] in "1234":
        batch.totals.credits += cents
    else:
        batch.totals.debits += cents


_BATCH_CONTROL = ((4, 10), (10, 20), (20, 32), (32, 44))
_FILE_CONTROL = ((13, 21), (21, 31), (31, 43), (43, 55))


def _check(totals: _Totals, record: str, places: Sequence[tuple[int, int]], number: int) -> None:
    said = tuple(_number(record, start, end, number) for start, end in places)
    if said != (totals.records, totals.hash % 10**10, totals.debits, totals.credits):
        raise RefusedFileError("ach-totals", f"record {number}", _RESEND)
    if places is _FILE_CONTROL and _number(record, 1, 7, number) != totals.batches:
        raise RefusedFileError("ach-totals", f"record {number}", _RESEND)


def _deposit(batch: _Batch, addenda: str, number: int, practice_id: UUID) -> Deposit:
    trn = addenda[3:83].strip().rstrip("~\\").split("*")
    if addenda[1:3] != "05" or len(trn) < 3 or trn[:2] != ["TRN", "1"] or not trn[2].strip():
        raise RefusedFileError(
            "ach-no-trace", f"record {number}", "Ask the payer for the TRN in its addenda record."
        )
    entry, effective = batch.entry, batch.header[69:75]
    name = f"ach/{batch.header[40:50]}/{effective}/{batch.header[87:94]}/{entry[79:94]}"
    return Deposit(
        deposit_id=uuid5(practice_id, name),
        deposited_on=_day(effective, number),
        cents=_number(entry, 29, 39, number),
        trace_number=trn[2].strip()[:50],
        payer_trace_id=(trn[3].strip() or None) if len(trn) > 3 else None,
    )


def _number(record: str, start: int, end: int, number: int) -> int:
    text = record[start:end]
    if not text.isdigit():
        raise RefusedFileError("ach-record", f"record {number}", _RESEND)
    return int(text)


def _day(text: str, number: int) -> date:
    try:
        return datetime.strptime(text, "%y%m%d").date()  # noqa: DTZ007
    except ValueError:
        raise RefusedFileError("ach-record", f"record {number}", _RESEND) from None
