"""Published by interop: what a visit lacks, whom it is asked of, and how the question ends."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from libs.events.contracts.base import Event, Topic
from libs.events.contracts.values import ConnectionId, EncounterId, QueryId, Short
from libs.events.contracts.versions import upcaster

QUERIES = Topic("interop.queries")


class QueryOpenedV1(Event):
    """A visit cannot be billed as it stands; its clinician is asked, nothing is guessed."""

    type: ClassVar = "interop.query-opened.v1"
    topic: ClassVar = QUERIES
    key: ClassVar = "query_id"

    query_id: QueryId
    encounter_id: EncounterId
    connection_id: ConnectionId
    reason: Literal[
        "unmapped-diagnosis",
        "unmapped-procedure",
        "missing-diagnosis",
        "missing-charge",
        "missing-provider",
    ]
    code_system: Short | None = None
    code: Short | None = None
    """A code of a public code system, no data about a person."""
    service_on: date


class QueryOpened(Event):
    """A visit cannot be billed as it stands; who can tell is asked, nothing is guessed.

    The same question about the same visit may be asked again after it was withdrawn, under its id.
    """

    type: ClassVar = "interop.query-opened.v2"
    topic: ClassVar = QUERIES
    key: ClassVar = "query_id"

    query_id: QueryId
    encounter_id: EncounterId
    connection_id: ConnectionId
    reason: Literal[
        "unmapped-diagnosis",
        "unmapped-procedure",
        "missing-diagnosis",
        "missing-charge",
        "missing-provider",
        "unmapped-place",
        "missing-coverage",
    ]
    asked: Literal["clinician", "front-desk"]
    """What is not clinical is asked at the practice's front desk."""
    code_system: Short | None = None
    code: Short | None = None
    """A code of a public code system or of HL7 table 0004, no data about a person."""
    service_on: date
    due_on: date | None
    """The last day on which the answer is in time; None: no day was set (version 1)."""


@upcaster
def ask_the_clinician(old: QueryOpenedV1) -> QueryOpened:
    """All that version 1 asked was clinical, and none of it was due on a day."""
    told = {name: getattr(old, name) for name in QueryOpenedV1.model_fields}
    return QueryOpened(**told, asked="clinician", due_on=None)


class QueryAnswered(Event):
    """The question was answered; the visit is looked at again."""

    type: ClassVar = "interop.query-answered.v1"
    topic: ClassVar = QUERIES
    key: ClassVar = "query_id"

    query_id: QueryId
    encounter_id: EncounterId


class QueryWithdrawn(Event):
    """Nobody needs the answer any more: the visit says it now, says otherwise, or was voided."""

    type: ClassVar = "interop.query-withdrawn.v1"
    topic: ClassVar = QUERIES
    key: ClassVar = "query_id"

    query_id: QueryId
    encounter_id: EncounterId


class QueryOverdue(Event):
    """The day by which the answer was due has passed; said once. The query stays open."""

    type: ClassVar = "interop.query-overdue.v1"
    topic: ClassVar = QUERIES
    key: ClassVar = "query_id"

    query_id: QueryId
    encounter_id: EncounterId
    due_on: date
