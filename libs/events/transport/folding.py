"""What a consumer does with events: it folds them into a generation of a projection."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from opentelemetry.trace import SpanKind

from libs.events.contracts import topics_of
from libs.events.transport.database import Db
from libs.events.transport.effects import types_of
from libs.events.transport.hearing import Heard, HearsContracts
from libs.events.transport.keys import Keys, NoKeys
from libs.events.transport.projections import Fold, Projection
from libs.events.transport.telemetry import MOST_LINKS, link_sampled, open_span
from libs.events.transport.work import Outgoing


class OtherVersionError(Exception):
    """The live generation was folded by another version than this code's, which must not go on."""


@dataclass(frozen=True, slots=True)
class Live:
    """The generation that is read, and the version of the fold that made it."""

    generation: int
    version: int


class Folding(HearsContracts):
    """Folds a batch into a projection; `generation` None follows the one that is being read."""

    most_at_once = 5000
    """More than handlers take: what is written does not grow with it."""

    def __init__(
        self,
        service: str,
        projection: Projection,
        generation: int | None = None,
        keys: Keys | None = None,
    ) -> None:
        self.keys = keys or NoKeys()
        self.projection = projection
        self._functions = projection.by_type()
        self._service = service
        self._fixed = generation
        self._generation = generation or 0
        self.topics = topics_of(self._functions)
        self.types = types_of(self._functions)
        self.group = f"{service}.{projection.name}" + (f".g{generation}" if generation else "")
        # A version's own, so that no process waits for partitions that another version's hold.
        self.kafka_group = f"{self.group}.v{projection.version}"

    async def checkpoint_name(self, db: Db) -> str:
        """Names the generation, so that a swap fences whoever still writes the old one."""
        if self._fixed is None:
            live = await self.read_live(db)
            if live.version != self.projection.version:
                raise OtherVersionError(f"{self.group} is of version {live.version}")
            self._generation = live.generation
        return checkpoint_name(self._service, self.projection, self._generation)

    async def read_live(self, db: Db) -> Live:
        """What is read now; the first to ask makes the first generation."""
        row = await db.fetchrow(READ_OR_MAKE, self.projection.name, self.projection.version)
        assert row is not None
        return Live(row["generation"], row["version"])

    async def apply(self, db: Db, heard: Iterable[Heard]) -> Outgoing:
        with open_span(f"{self.group} fold", kind=SpanKind.CONSUMER) as span:
            fold, count = Fold(self._generation), 0
            links_left = MOST_LINKS if span.is_recording() else 0
            functions = self._functions
            for envelope, event in heard:
                count += 1
                fold.event = envelope
                if links_left and link_sampled(span, envelope.traceparent):
                    links_left -= 1
                for function in functions[type(event)]:
                    function(event, fold)
            span.set_attribute("messaging.batch.message_count", count)
            await fold.write(db)
        return Outgoing()


READ_OR_MAKE = """
INSERT INTO projection (name, generation, version) VALUES ($1, 1, $2)
ON CONFLICT (name) DO UPDATE SET name = excluded.name
RETURNING generation, version
"""


def checkpoint_name(service: str, projection: Projection, generation: int) -> str:
    return f"{service}.{projection.name}.g{generation}"
