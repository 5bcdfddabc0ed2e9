"""Keep an export's lines, chunk by chunk, each chunk in one transaction."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import sha256
from uuid import UUID, uuid4

from libs.events.transport import UnitOfWork, Work
from libs.events.transport.steps import reached
from services.interop.bulk import store
from services.interop.bulk.decide import ReadLine, Subject, read_line, touched_by
from services.interop.bulk.lines import Line
from services.interop.bulk.report import Report
from services.interop.connections.model import Connection, refuse_shut
from services.interop.connections.store import count_received, find_connection
from services.interop.fhir.history import TELL_TIMER
from services.interop.fhir.model import TAKEN, View
from services.interop.fhir.store import (
    find_resources,
    find_untold,
    lock_source,
    release,
    save_changes,
)
from services.interop.fhir.versions import Change, Known, change_of
from services.interop.health.watch import note_outcome
from services.interop.messages.model import Effects, Inbound, Refusal
from services.interop.messages.receive import receive, told_apart
from services.interop.messages.store import keep_message, refuse_message

MOST_LINES = 200
MOST_BYTES = 512 * 1024
"""Of a chunk; one longer line is a chunk of its own."""

PATIENCE = timedelta(hours=1)
"""After the last line of an import whose sender was not heard of again: what is here is told."""


@dataclass(frozen=True, slots=True)
class Import:
    """One import: over which connection, and from which day on its visits are told."""

    connection: Connection
    visits_from: date
    import_id: UUID = field(default_factory=uuid4)


class TurnedAwayError(Exception):
    """The connection takes no more messages; what came before is kept."""

    def __init__(self, *refusals: Refusal) -> None:
        super().__init__("turned away")
        self.refusals = refusals


class Chunks:
    """Gathers lines to chunks."""

    def __init__(self) -> None:
        self._lines: list[Line] = []
        self._bytes = 0

    def add(self, lines: Iterator[Line]) -> Iterator[list[Line]]:
        for line in lines:
            size = len(line.raw or b"")
            if self._lines and (self._bytes + size > MOST_BYTES or len(self._lines) >= MOST_LINES):
                yield from self.rest()
            self._lines.append(line)
            self._bytes += size

    def rest(self) -> Iterator[list[Line]]:
        if self._lines:
            yield self._lines
        self._lines, self._bytes = [], 0


async def keep_chunk(lines: Sequence[Line], over: Import, report: Report, work: Work) -> None:
    """Keep what is FHIR of these lines; raises TurnedAwayError where the connection is shut."""
    # In a thread: checking must not hold up the others.
    read = await asyncio.to_thread(lambda: [read_line(one, over.connection) for one in lines])
    for part in _each_name_once(read):
        async with work.unit_of_work(over.connection.practice_id) as uow:
            await _keep(part, over, report, uow)
        reached("bulk.kept")


def _each_name_once(read: Sequence[ReadLine]) -> Iterator[list[ReadLine]]:
    """A resource that comes again is a newer version of it: in a transaction of its own."""
    part: list[ReadLine] = []
    seen: set[tuple[str, str]] = set()
    for one in read:
        name = None if one.operation is None else (one.type, one.entry.id)
        if name in seen:
            yield part
            part, seen = [], set()
        part.append(one)
        if name is not None:
            seen.add(name)
    yield part


async def _keep(read: Sequence[ReadLine], over: Import, report: Report, uow: UnitOfWork) -> None:
    source = over.connection.source_system
    await lock_source(uow, source)
    taken = [one for one in read if one.operation is not None]
    if taken:
        await _take(taken, over, report, uow)
    elif any(one.refusals for one in read):
        heard = await count_received(uow.db, over.connection, uow.now)
        if heard is None:
            raise await turned_away(over.connection, uow)
        await note_outcome(heard, uow, refused=True)
    for one in read:
        if one.refusals:
            await keep_refused(one, over.connection, report, uow)
        elif one.operation is None:
            report.count("passedOver")
    report.lines += len(read)


async def _take(taken: Sequence[ReadLine], over: Import, report: Report, uow: UnitOfWork) -> None:
    source = over.connection.source_system
    names = [(one.type, one.entry.id) for one in taken]
    kept = {(one.type, one.id): one for one in await find_resources(uow, source, names)}
    known, nothing = Known(kept, (), {}), View(())
    changes = [change_of(one.operation, nothing, known) for one in taken if one.operation]
    lines = await _lines_to_tell(taken, changes, source, uow)
    inbound = await _inbound(taken, changes, lines, over.connection, uow)

    async def take(effects: Effects) -> None:
        await save_changes(uow, source, changes, uow.now)
        mark = store.Mark(
            over.connection.connection_id, inbound.message_id, over.import_id, over.visits_from
        )
        await store.mark_due(uow, source, mark, lines)
        await release(uow, source, [(c.type, c.id) for c in changes if c.effect == "created"])
        await uow.set_timer(TELL_TIMER, str(over.connection.connection_id), uow.now + PATIENCE)

    outcome = await receive(inbound, over.connection, uow, take)
    if not outcome.is_taken:
        raise TurnedAwayError(*outcome.refusals)
    for effect, count in Counter(change.effect for change in changes).items():
        report.count(effect, count)


async def _lines_to_tell(
    taken: Sequence[ReadLine], changes: Sequence[Change], source: str, uow: UnitOfWork
) -> dict[Subject, int]:
    """What these lines have told: what they change, and what is not told yet and came again."""
    last: dict[Subject, int] = {}
    changed: set[Subject] = set()
    for one, change in zip(taken, changes, strict=True):
        subjects = touched_by(one.entry)
        last.update(dict.fromkeys(subjects, one.number))
        changed.update(subjects if change.is_saved else ())
    untold = await find_untold(uow, source, [one for one in last if one not in changed])
    return {one: line for one, line in last.items() if one in changed or one in untold}


async def _inbound(
    taken: Sequence[ReadLine],
    changes: Sequence[Change],
    lines: dict[Subject, int],
    connection: Connection,
    uow: UnitOfWork,
) -> Inbound:
    """The chunk as a message. It has an effect also where the same lines came before."""
    raw = b"\n".join(one.raw for one in taken)
    inbound = Inbound(type="ndjson", control_id=f"sha256:{sha256(raw).hexdigest()}", raw=raw)
    has_effect = bool(lines) or any(one.is_saved for one in changes)
    return await told_apart(inbound, connection, uow) if has_effect else inbound


async def turned_away(connection: Connection, uow: UnitOfWork) -> TurnedAwayError:
    found = await find_connection(uow.db, uow.practice_id, connection.connection_id)
    shut = refuse_shut(found.state) if found is not None else None
    assert shut is not None
    return TurnedAwayError(shut)


async def keep_refused(
    line: ReadLine, connection: Connection, report: Report, uow: UnitOfWork
) -> None:
    """For a person, as any refused message; of a file that is wrong all over, the first ones."""
    if report.refuse(line.number or None, line.refusals):
        kind = line.type if line.type in TAKEN else "ndjson"
        name = f"sha256:{sha256(line.raw).hexdigest()}"
        inbound = Inbound(type=kind, control_id=name, raw=line.raw)
        await keep_message(uow, connection, inbound, fate="refused")
        await refuse_message(uow, inbound, line.refusals)
