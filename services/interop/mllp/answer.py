"""One HL7 v2 message in, its acknowledgement out: the answer leaves after the commit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

import structlog
from asyncpg import InterfaceError, PostgresError
from opentelemetry import trace

from libs.events.transport import UnitOfWork, Work
from libs.events.transport.faults import SealError, describe, is_transient
from libs.events.transport.keys import KeyUnavailableError
from libs.events.transport.steps import reached
from services.interop.connections.authenticate import authenticate, hear
from services.interop.connections.model import Connection, ConnectionKey, refuse_shut
from services.interop.messages.model import Effects, Inbound, Outcome, Refusal, RefusedError
from services.interop.messages.receive import (
    RehearsedError,
    UndoneError,
    or_undone,
    receive_heard,
    turn_away,
)
from services.interop.messages.told import take_told
from services.interop.mllp.acknowledge import INTERNAL_ERROR, Letter, Verdict, acknowledge, answers
from services.interop.mllp.characters import WIDE_REFUSED, is_wide
from services.interop.mllp.framing import BrokenFrameError
from services.interop.mllp.header import Header, read_header, without_key, without_time_sent
from services.interop.mllp.understand import understand

log = structlog.get_logger("interop.mllp")
tracer = trace.get_tracer("mainstay")

NOT_KNOWN = "unknown sender: check MSH-3, MSH-4 and the key in MSH-8"
TRY_AGAIN = "not stored: the database is away, send this message again"
NO_KEY = "not stored: this practice's data key is missing here, tell us and send this message again"
OUR_FAULT = "kept, but not understood by a mistake of ours; a person has to look"

READER_FAULTS = (
    ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError,
)  # fmt: skip
"""What a mistake in a reader raises."""

_OUR_FAULTS = (*READER_FAULTS, SealError)
"""And a kept row that does not open; the feed stays open."""

NOT_UNDERSTOOD = Refusal(INTERNAL_ERROR, "MSH", OUR_FAULT)

_REJECTED = {
    "message-type-not-taken", "trigger-event-not-taken", "version-not-taken", "processing-id",
    "control-id-missing", "not-hl7", "separators", "character-set", "frame-character",
    "nul-character", "second-message", "too-many-segments", "too-many-fields",
    "too-many-repetitions", "too-many-components", "connection-suspended", "connection-closed",
}  # fmt: skip
"""Refusals whatever the message says, which table 0008 answers with AR; all others are AE."""

Names = frozenset[str]
"""Of a certificate: its subject's common name and its DNS names."""
NO_NAMES: Names = frozenset()


async def answer(raw: bytes, work: Work, names: Names = NO_NAMES) -> list[bytes]:
    """The acknowledgements of one message, stored with its effects or, if not, saying so.

    `names`: those of the certificate that its sender showed. An answer is never answered.
    """
    header = read_header(raw)
    if header is not None and header.is_acknowledgement:
        log.info("acknowledgement dropped")
        return []
    key = ConnectionKey.read(header.security) if header is not None else None
    if header is None or key is None:
        return answers(Verdict("R", uuid4(), work.now(), text=_no_key(raw, header)), header)
    with tracer.start_as_current_span(f"MLLP {header.type}", record_exception=False):
        return answers(await _verdict(raw, header, key, work, names), header)


def refuse_frame(broken: BrokenFrameError, work: Work) -> bytes:
    """The last answer on a connection whose frames are broken; no message id is known."""
    return acknowledge("AR", None, ack_id=_new_id(), at=work.now(), text=str(broken))


def _no_key(raw: bytes, header: Header | None) -> str:
    return NOT_KNOWN if header is not None else no_header(raw)


def no_header(raw: bytes) -> str:
    """What to do about a message whose header cannot be read."""
    return WIDE_REFUSED.fix if is_wide(raw) else "begin the message with MSH and its separators"


async def _verdict(
    raw: bytes, header: Header, key: ConnectionKey, work: Work, names: Names
) -> Verdict:
    try:
        return await _store(raw, header, key, work, names)
    except UndoneError as undone:
        reached("mllp.undone")
        decided = undone.why
    except KeyUnavailableError as error:
        log.error("message not stored", error=describe(error))
        return _try_again(work.now(), NO_KEY)
    except (OSError, PostgresError, InterfaceError, *_OUR_FAULTS) as error:
        passes = is_transient(error)
        log.error("message not understood", error=describe(error), passes=passes)
        if passes:
            return _try_again(work.now())
        decided = RefusedError(NOT_UNDERSTOOD)
    try:
        return await _store(raw, header, key, work, names, decided=decided)
    except (OSError, PostgresError, InterfaceError) as error:
        log.error("message not stored", error=describe(error))
        return _try_again(work.now())


async def _store(
    raw: bytes,
    header: Header,
    key: ConnectionKey,
    work: Work,
    names: Names,
    *,
    decided: RefusedError | RehearsedError | None = None,
) -> Verdict:
    """Keep and take the message; with `decided`, keep it as one that has no effect.

    Raises UndoneError.
    """
    reached("mllp.received")
    inbound = inbound_of(raw, header)
    try:
        async with work.unit_of_work(key.practice_id) as uow:
            connection = await hear(uow, key, "hl7v2")
            if connection is None:
                return await _not_heard(inbound, header, key, uow, names)
            if not _sends(connection, header, names):
                raise _NotKnownError  # and is not counted
            outcome = await _receive(inbound, connection, uow, decided)
            reached("mllp.taken")
    except _NotKnownError:
        return Verdict("R", uuid4(), work.now(), text=NOT_KNOWN)
    reached("mllp.stored")
    return _told(outcome)


class _NotKnownError(Exception):
    """Whoever sent this has a key, but of another sender."""


async def _not_heard(
    inbound: Inbound, header: Header, key: ConnectionKey, uow: UnitOfWork, names: Names
) -> Verdict:
    connection = await authenticate(uow, key, "hl7v2")
    if connection is None or not _sends(connection, header, names):
        raise _NotKnownError
    if refuse_shut(connection.state) is None:  # it went live in between
        return _try_again(uow.now)
    return _told(turn_away(inbound, connection, uow))


def inbound_of(raw: bytes, header: Header) -> Inbound:
    """The message as it is kept, without its key."""
    kept = without_key(raw)
    return Inbound(
        type=header.type or "unknown",
        control_id=header.control_id or f"none:{uuid4()}",
        raw=kept,
        canonical=without_time_sent(kept),
    )


async def _receive(
    inbound: Inbound,
    connection: Connection,
    uow: UnitOfWork,
    decided: RefusedError | RehearsedError | None,
) -> Outcome:
    async def take(effects: Effects) -> None:
        if decided is not None:
            raise decided
        told = understand(inbound.raw, connection)  # refused here, it began nothing
        with or_undone(connection):
            await take_told(told, inbound=inbound, connection=connection, uow=uow, effects=effects)

    return await receive_heard(inbound, connection, uow, take)


def _sends(connection: Connection, header: Header, names: Names) -> bool:
    wanted = connection.profile.certificate_name
    if wanted is not None and wanted not in names:
        log.error(
            "a key came with a certificate that is not its connection's",
            connection_id=str(connection.connection_id),
        )
        return False
    return (header.sending_application, header.sending_facility) == (
        connection.sending_application,
        connection.sending_facility,
    )


def letter_for(refusals: Sequence[Refusal]) -> Letter:
    """Taken, in error, or rejected as such (table 0008)."""
    if not refusals:
        return "A"
    return "R" if any(refusal.code in _REJECTED for refusal in refusals) else "E"


def _told(outcome: Outcome) -> Verdict:
    """The same for a duplicate as for the first of them, to the byte."""
    return Verdict(
        letter_for(outcome.refusals),
        outcome.message_id,
        outcome.received_at,
        outcome.refusals,
    )


def _try_again(at: datetime, text: str = TRY_AGAIN) -> Verdict:
    refusal = Refusal("try-again", "MSH", text)
    return Verdict("E", uuid4(), at, (refusal,), text)


def _new_id() -> str:
    """MSH-10 holds 20 characters before v2.7."""
    return uuid4().hex[:20]
