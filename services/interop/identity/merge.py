"""Merge charts, and part them again: load the pointers, decide, save, say what changed."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from libs.events.contracts import Event
from libs.events.contracts.interop import PatientUnmerged
from libs.events.transport import UnitOfWork
from services.interop.identity import reviews, store
from services.interop.identity.model import (
    Links,
    Merge,
    Parting,
    changes,
    decide_merges,
    decide_parting,
    decide_unmerge,
    survivor_in,
)


async def merge_charts(told: Sequence[Merge], uow: UnitOfWork) -> list[Event]:
    """From now on the merged charts' numbers are the survivor's; raises RefusedError."""
    charts = {chart for merge in told for chart in (merge.merged_id, merge.survivor_id)}
    links = await _load(charts, uow)
    known = await store.find_known(uow.db, uow.practice_id, {*charts, *links.values()})
    return await _save(links, decide_merges(links, told, known), uow)


async def part_charts(told: Parting, uow: UnitOfWork) -> list[Event]:
    """A pair that was merged is two patients again; raises RefusedError."""
    links = await _load({told.one_id, told.other_id}, uow)
    return await _save(links, decide_parting(links, told), uow)


async def unmerge_chart(chart_id: UUID, uow: UnitOfWork) -> list[Event]:
    """The chart stands for itself again; nothing where it does already."""
    links = await _load({chart_id}, uow)
    return await _save(links, decide_unmerge(links, chart_id), uow)


async def _load(charts: set[UUID], uow: UnitOfWork) -> Links:
    await store.lock_identity(uow.db, uow.practice_id)
    return await store.read_links(uow.db, uow.practice_id, charts)


async def _save(before: Links, after: Links, uow: UnitOfWork) -> list[Event]:
    if after == before:
        return []
    await store.keep_links(uow.db, uow.practice_id, before, after)
    elsewhere = [c for c in before if survivor_in(after, c) != survivor_in(before, c)]
    await store.give_back(uow.db, uow.practice_id, elsewhere)
    events = changes(uow.practice_id, before, after)
    for event in events:
        if isinstance(event, PatientUnmerged):  # nobody is to be asked about these two again
            await reviews.keep_apart(uow, event.patient_id, event.survivor_id)
    return events
