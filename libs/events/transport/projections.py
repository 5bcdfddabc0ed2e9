"""Projections: read models folded from events, a batch in a few statements, rebuildable.

A projection names its tables and one function per event, which adds to sums or puts the last value
of a key. Every table's primary key begins with `generation`: a rebuild fills a new generation with
checkpoints of its own from the start of the log, and swapping is one update of one row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

from pydantic_core import to_json

from libs.events.contracts import Event
from libs.events.transport.database import Db, see_practices
from libs.events.transport.envelope import Envelope

OnEvent = Callable[[Any, "Fold"], None]
T = TypeVar("T")
Rows: TypeAlias = defaultdict["Table", dict[tuple[Any, ...], dict[str, T]]]
"""What a batch says of each row's columns, by table and key."""


@dataclass(frozen=True, eq=False)  # found by identity: a hash of all its names costs each event
class Table:
    """A read model's table: `keys` (practice_id among them), added `sums`, replaced `values`."""

    name: str
    keys: tuple[str, ...]
    sums: tuple[str, ...] = ()
    values: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if "practice_id" not in self.keys:
            raise ValueError(f"{self.name}: practice_id must be among the keys")

    def upsert(self) -> str:
        """One statement for all rows of a batch: typed by the table's own row type."""
        columns = ["generation", *self.keys, *self.sums, *self.values]
        changes = [f"{c} = t.{c} + excluded.{c}" for c in self.sums]
        # A batch that says nothing of a value leaves it as it was; so a value cannot become null.
        changes += [f"{c} = coalesce(excluded.{c}, t.{c})" for c in self.values]
        action = f"DO UPDATE SET {', '.join(changes)}" if changes else "DO NOTHING"
        listed = ", ".join(columns)
        # Names are the code's own, never input.
        return (
            f"INSERT INTO {self.name} AS t ({listed}) "
            f"SELECT {listed} FROM jsonb_populate_recordset(NULL::{self.name}, $1::jsonb) "
            f"ON CONFLICT ({', '.join(['generation', *self.keys])}) {action}"
        )


@dataclass(frozen=True)
class Projection:
    """A named read model; raise `version` when its fold changes, and rebuild it."""

    name: str
    version: int
    tables: tuple[Table, ...]
    on: Sequence[OnEvent]

    def by_type(self) -> dict[type[Event], list[OnEvent]]:
        from libs.events.transport.service import heard_by

        found: dict[type[Event], list[OnEvent]] = {}
        for function in self.on:
            found.setdefault(heard_by(function), []).append(function)
        return found


class Fold:
    """Gathers one batch's changes; `event` is the envelope of the event being folded."""

    event: Envelope

    def __init__(self, generation: int) -> None:
        self._generation = generation
        self._sums: Rows[int] = defaultdict(dict)
        self._values: Rows[Any] = defaultdict(dict)

    def add(self, table: Table, key: tuple[Any, ...], **amounts: int) -> None:
        """Add amounts to a row's sums; the row begins at zero."""
        row = self._sums[table].get(key)
        if row is None:
            row = self._sums[table][key] = dict.fromkeys(table.sums, 0)
        try:
            for name, amount in amounts.items():
                row[name] += amount
        except KeyError as unknown:
            raise ValueError(f"{table.name} has no sum {unknown.args[0]}") from None

    def put(self, table: Table, key: tuple[Any, ...], **values: Any) -> None:
        """Set a row's values; the last event of a key wins."""
        for name in values:
            if name not in table.values:
                raise ValueError(f"{table.name} has no value {name}")
        self._values[table].setdefault(key, {}).update(values)

    async def write(self, db: Db) -> None:
        """Write everything in key order, so that two writers of one table cannot deadlock."""
        practices: set[UUID] = set()
        statements: list[tuple[str, bytes]] = []
        for table in sorted({*self._sums, *self._values}, key=lambda t: t.name):
            sums, values = self._sums.get(table, {}), self._values.get(table, {})
            rows: list[dict[str, Any]] = []
            for key in sorted({*sums, *values}, key=lambda k: tuple(map(str, k))):
                row: dict[str, Any] = dict(zip(table.keys, key, strict=True))
                practices.add(row["practice_id"])
                row["generation"] = self._generation
                row |= dict.fromkeys(table.sums, 0) | sums.get(key, {})
                row |= dict.fromkeys(table.values) | values.get(key, {})
                rows.append(row)
            statements.append((table.upsert(), to_json(rows)))
        if not statements:
            return
        await see_practices(db, practices)
        for statement, rows_json in statements:
            await db.execute(statement, rows_json.decode())
