"""A service that only tests know: what it hears has had three versions, on two topics."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar, Literal

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from libs.events.contracts import Event, Topic, upcaster
from libs.events.transport import Fold, Projection, Service, UnitOfWork
from libs.events.transport.envelope import Origin, write_headers, write_sequence
from libs.events.transport.work import partition_for
from tests.transport.ledger import MINE, MOVE, PRACTICE, TOTAL

SCALE = f"scale-{MINE}"
OLD_WEIGHTS = Topic(f"{SCALE}.old-weights", partitions=2)
WEIGHTS = Topic(f"{SCALE}.weights", partitions=3)
LOST_POUNDS = 13
"""No event of the first version with these can be lifted."""


class WeightTakenV1(Event):
    """In pounds."""

    type: ClassVar = "scale.weight-taken.v1"
    topic: ClassVar = OLD_WEIGHTS
    key: ClassVar = "scale"

    scale: str
    number: int
    pounds: int


class WeightTakenV2(Event):
    """In grams."""

    type: ClassVar = "scale.weight-taken.v2"
    topic: ClassVar = OLD_WEIGHTS
    key: ClassVar = "scale"

    scale: str
    number: int
    grams: int


class WeightTaken(Event):
    """In grams, of something; on a topic of its own, whose key got another name."""

    type: ClassVar = "scale.weight-taken.v3"
    topic: ClassVar = WEIGHTS
    key: ClassVar = "scale_name"

    scale_name: str
    number: int
    grams: int
    of: Literal["parcel", "letter"]


@upcaster
def in_grams(old: WeightTakenV1) -> WeightTakenV2:
    if old.pounds == LOST_POUNDS:
        raise LookupError(old.scale)
    return WeightTakenV2(
        practice_id=old.practice_id, scale=old.scale, number=old.number, grams=454 * old.pounds
    )


@upcaster
def of_a_parcel(old: WeightTakenV2) -> WeightTaken:
    return WeightTaken(
        practice_id=old.practice_id,
        scale_name=old.scale,
        number=old.number,
        grams=old.grams,
        of="parcel",
    )


broken: set[int] = set()
"""Numbers of weights that the handler fails on, until they are taken out again."""


async def note_weight(taken: WeightTaken, uow: UnitOfWork) -> None:
    if taken.number in broken:
        raise ArithmeticError
    seen = f"{taken.number}:{taken.of}:{taken.event_id.fields[0]} "
    await uow.db.execute(MOVE, taken.practice_id, taken.scale_name, taken.grams, seen)


def on_weight_taken(taken: WeightTaken, fold: Fold) -> None:
    fold.add(TOTAL, (taken.practice_id, taken.scale_name), cents=taken.grams, moves=1)


weights = Projection(name="weights", version=1, tables=(TOTAL,), on=(on_weight_taken,))
scale = Service(name=SCALE, handlers=[note_weight], projections=[weights])


async def make_scale_topics(kafka: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    topics = [NewTopic(t.name, t.partitions, 1) for t in (OLD_WEIGHTS, WEIGHTS)]
    await admin.create_topics(topics)
    await admin.close()


async def send_as_published(kafka: str, events: list[Event]) -> None:
    """As publishers of every version would: each version on its topic, in its own words."""
    places: dict[tuple[str, int], int] = {}
    async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
        for event in events:
            partition = partition_for(event.key_value, event.topic.partitions)
            shard = event.topic.name, partition
            places[shard] = places.get(shard, 0) + 1
            origin = Origin(PRACTICE, None, None)
            at = datetime(2026, 3, 2, tzinfo=UTC)
            headers = write_headers(event, source=SCALE, time=at, origin=origin)
            headers["ce_sequence"] = write_sequence(1, places[shard])
            await producer.send_and_wait(
                event.topic.name,
                event.model_dump_json().encode(),
                key=event.key_value.encode(),
                partition=partition,
                headers=[(name, text.encode()) for name, text in headers.items()],
            )
