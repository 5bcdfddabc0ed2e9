"""Which charts are one patient: what was merged into what, and what a merge or its end changes.

A merge is a pointer from a chart to the chart that it was merged into, as its EHR told it. Where a
chart belongs is where its pointers end; that is kept beside each pointer, so one look-up finds it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn
from uuid import UUID

from libs.events.contracts import Event
from libs.events.contracts.interop import PatientMerged, PatientUnmerged
from libs.events.contracts.values import PatientId, PracticeId
from services.interop.messages.model import Refusal, RefusedError
from services.interop.patients.matching import Comparison

Links = Mapping[UUID, UUID]
"""Chart → the chart that it was merged into, as told. What is not in it stands for itself."""


@dataclass(frozen=True, slots=True)
class Merge:
    """One chart is merged into another; `where` is its place in the message, for refusals."""

    merged_id: UUID
    survivor_id: UUID
    where: str


@dataclass(frozen=True, slots=True)
class Parting:
    """Two charts are not, or no longer, one patient (HL7 v2.5.1 §3.3.37 names both)."""

    one_id: UUID
    other_id: UUID
    where: str


@dataclass(frozen=True, slots=True)
class Match:
    """A chart that may be the same patient's, by the chart that it goes by now."""

    survivor_id: UUID
    comparison: Comparison


def decide_matches(
    chart_id: UUID, found: Sequence[Match], *, apart: Collection[UUID], automatic: bool
) -> tuple[list[Merge], list[Match]]:
    """(what is merged by itself, what a person is asked), of a chart that stands for itself.

    Only where the practice switched it on, and only where one other patient is meant. Who was once
    kept apart is neither merged nor asked about again.
    """
    best: dict[UUID, Match] = {}
    for match in sorted(found, key=lambda m: -m.comparison.bits):
        is_asked = match.comparison.verdict != "new" and match.survivor_id not in (chart_id, *apart)
        if is_asked:
            best.setdefault(match.survivor_id, match)
    sure = [match for match in best.values() if match.comparison.verdict == "link"]
    if automatic and len(sure) == 1:
        return [Merge(chart_id, sure[0].survivor_id, "patient")], []
    return [], list(best.values())


def survivor_in(links: Links, chart_id: UUID) -> UUID:
    """Where a chart's pointers end."""
    while chart_id in links:
        chart_id = links[chart_id]
    return chart_id


def decide_merge(links: Links, told: Merge, known: Collection[UUID]) -> Links:
    """The pointers after a merge; the same merge again changes nothing. `known`: registered charts.

    Raises RefusedError for a merge into itself, for one that closes a loop, and for a chart that
    was merged elsewhere before: which of the two is meant is not ours to guess.
    """
    survivor_id = survivor_in(links, told.survivor_id)
    if told.merged_id == told.survivor_id:
        _refuse("merge-into-itself", told.where, "name two different charts of a merge")
    if survivor_id == told.merged_id:
        _refuse(
            "merge-loop",
            told.where,
            "the surviving chart was itself merged into this one before; unlink that first (A37)",
        )
    if told.merged_id not in links:
        # A chart that was only ever spoken of cannot take others with it when it parts.
        into_id = told.survivor_id if told.survivor_id in known else survivor_id
        return {**links, told.merged_id: into_id}
    if survivor_in(links, told.merged_id) != survivor_id:
        _refuse(
            "already-merged",
            told.where,
            "this chart was merged into another one before; unlink that first (A37)",
        )
    return links


def decide_merges(links: Links, told: Sequence[Merge], known: Collection[UUID]) -> Links:
    """The pointers after all merges that a message tells.

    Whoever survives must be registered: visits and claims under the merged number are theirs.
    """
    for merge in told:
        links = decide_merge(links, merge, known)
    for merge in told:
        if survivor_in(links, merge.survivor_id) not in known:
            _refuse(
                "survivor-unknown", merge.where, "register the surviving patient before, or with it"
            )
    return links


def decide_parting(links: Links, told: Parting) -> Links:
    """The pointers once the pair is parted; raises RefusedError where they are not one patient."""
    for one, other in ((told.one_id, told.other_id), (told.other_id, told.one_id)):
        if one in links and other in _path(links, one):
            return {chart: into for chart, into in links.items() if chart != one}
    fix = "name a merged chart and a chart that it was merged into; these two are no such pair"
    return _refuse("not-merged", told.where, fix)


def decide_unmerge(links: Links, chart_id: UUID) -> Links:
    """The pointers once a chart stands for itself; what was merged into it stays with it."""
    return {chart: into for chart, into in links.items() if chart != chart_id}


def changes(practice_id: UUID, before: Links, after: Links) -> list[Event]:
    """What is said of each chart that belongs elsewhere than before."""
    practice, events = PracticeId(practice_id), list[Event]()
    for chart_id in sorted({*before, *after}):
        was, now = survivor_in(before, chart_id), survivor_in(after, chart_id)
        if now == was:
            continue
        patient_id = PatientId(chart_id)
        if now == chart_id:
            events.append(
                PatientUnmerged(
                    practice_id=practice, patient_id=patient_id, survivor_id=PatientId(was)
                )
            )
        else:
            events.append(
                PatientMerged(
                    practice_id=practice, patient_id=patient_id, survivor_id=PatientId(now)
                )
            )
    return events


def _path(links: Links, chart_id: UUID) -> list[UUID]:
    """Where a chart's pointers lead, step by step."""
    path: list[UUID] = []
    while chart_id in links:
        chart_id = links[chart_id]
        path.append(chart_id)
    return path


def _refuse(code: str, where: str, fix: str) -> NoReturn:
    raise RefusedError(Refusal(code, where, fix))
