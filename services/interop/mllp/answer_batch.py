"""A batch in one frame: each message is answered on its own, in one batch of answers.

Source: HL7 v2.5.1 §2.10.3.3 (all messages acknowledged in a response batch), §2.15.2, §2.15.6.
"""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from libs.events.transport import Work
from services.interop.messages.model import Refusal
from services.interop.mllp.acknowledge import Verdict, answers, escaped
from services.interop.mllp.answer import NO_NAMES, Names, answer
from services.interop.mllp.batches import Batch, BatchFile, is_batch, split_messages
from services.interop.mllp.header import header_field, read_header

MOST_MESSAGES = 1_000
"""In a frame: its sender waits for all of them to be stored."""


async def answer_frame(raw: bytes, work: Work, names: Names = NO_NAMES) -> list[bytes]:
    """What is sent back for one frame, each in a frame of its own."""
    if not is_batch(raw):
        return await answer(raw, work, names)
    file = split_messages(raw)
    refusals = file.refusals
    if len(file.messages) > MOST_MESSAGES:
        fix = f"send at most {MOST_MESSAGES} messages in a frame"
        refusals = (Refusal("too-many-messages", "BTS-1", fix),)
    told: list[bytes] = []
    for batch in file.batches:
        answered: list[bytes] = []
        for message in batch.messages:
            if refusals:
                answered += _refused(message, refusals, work.now())
            else:
                answered += await answer(message, work, names)
        told.append(_batch_of(batch, answered, refusals, work.now()))
    return [_file_of(file, told, refusals, work.now())]


def _refused(message: bytes, refusals: tuple[Refusal, ...], at: datetime) -> list[bytes]:
    """Nothing of a batch is taken whose order or counts are wrong: it may have been cut off."""
    header = read_header(message)
    if header is not None and header.is_acknowledgement:
        return []
    return answers(Verdict("R", uuid4(), at, refusals), header)


def _batch_of(
    batch: Batch, answered: list[bytes], refusals: tuple[Refusal, ...], at: datetime
) -> bytes:
    if not batch.header:
        return b"".join(answered)
    count = sum(one.startswith(b"MSH") for one in answered)
    return b"".join((_head("BHS", batch.header, at), *answered, _foot("BTS", count, refusals)))


def _file_of(
    file: BatchFile, told: list[bytes], refusals: tuple[Refusal, ...], at: datetime
) -> bytes:
    if not file.header:
        return b"".join(told)
    return b"".join((_head("FHS", file.header, at), *told, _foot("FTS", len(told), refusals)))


def _head(name: str, theirs: bytes, at: datetime) -> bytes:
    """FHS and BHS have their fields in common: 3 to 6 who to whom, 7 when, 11 and 12 the ids."""
    application, facility, reference = (escaped(header_field(theirs, n)) for n in (3, 4, 11))
    written = (
        f"{name}|^~\\&|MAINSTAY||{application}|{facility}|{at:%Y%m%d%H%M%S}+0000"
        f"||||{uuid4().hex[:20]}|{reference}\r"
    )
    return written.encode()


def _foot(name: str, count: int, refusals: tuple[Refusal, ...]) -> bytes:
    comment = "; ".join(f"{one.code} at {one.where}: {one.fix}" for one in refusals)
    return f"{name}|{count}|{escaped(comment)}".rstrip("|").encode() + b"\r"
