"""A topic grows by a successor: how that is declared, what hears it, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any, ClassVar
from uuid import UUID

import pytest

from deploy.k8s.kafka import user_objects
from libs.events.catalogue.breaking import breaking_changes
from libs.events.contracts import PERSONAL, Event, Topic, acl_class, check_topics, topics_of
from libs.events.transport import Service, UnitOfWork
from tests.contracts.throwaway import TOPIC, schema_with

FIRST = Topic("foundry.castings", partitions=2)
SECOND = Topic("foundry.castings.g2", partitions=5, succeeds=FIRST)
THIRD = Topic("foundry.castings.g3", partitions=9, succeeds=SECOND)


class CastingPoured(Event):
    """Its topic has grown twice."""

    type: ClassVar = "foundry.casting-poured.v1"
    topic: ClassVar = THIRD
    key: ClassVar = "casting_id"

    casting_id: UUID
    poured_by: Annotated[str, PERSONAL]


class CastingScrapped(Event):
    """Another event of the same topic."""

    type: ClassVar = "foundry.casting-scrapped.v1"
    topic: ClassVar = THIRD
    key: ClassVar = "casting_id"

    casting_id: UUID


async def weigh(poured: CastingPoured, uow: UnitOfWork) -> None: ...


def test_what_hears_an_event_hears_every_generation_of_its_topic() -> None:
    assert topics_of([CastingPoured]) == [FIRST, SECOND, THIRD]
    assert {topic.line for topic in (FIRST, SECOND, THIRD)} == {FIRST.name}
    assert {acl_class(topic) for topic in (FIRST, SECOND, THIRD)} == {"personal"}


def test_publisher_and_consumer_may_use_every_generation() -> None:
    services = [Service(name="foundry"), Service(name="scales", handlers=[weigh])]
    for user, operation in zip(user_objects(services), ("Write", "Read"), strict=False):
        allowed = {
            acl["resource"]["name"]
            for acl in user["spec"]["authorization"]["acls"]
            if acl["resource"]["type"] == "topic" and operation in acl["operations"]
        }
        assert allowed == {FIRST.name, SECOND.name, THIRD.name}


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"name": "smithy.castings.g2"}, "another publisher"),
        ({"retention_days": 7}, "keep events as long"),
        ({"name": FIRST.name}, "a name of its own"),
    ],
)
def test_a_successor_fits_what_it_succeeds(wrong: dict[str, Any], why: str) -> None:
    with pytest.raises(TypeError, match=why):
        replace(SECOND, **wrong)


@pytest.mark.parametrize(
    ("topic", "why"),
    [
        (SECOND, r"casting-scrapped\.v1 is published to .*\.g2, which .*\.g3 succeeds"),
        (Topic("foundry.scrap", partitions=5, succeeds=SECOND), "is succeeded by"),
    ],
)
def test_all_events_of_a_topic_move_together(
    topic: Topic, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_topics([CastingPoured, CastingScrapped])
    monkeypatch.setattr(CastingScrapped, "topic", topic)
    with pytest.raises(TypeError, match=why):
        check_topics([CastingPoured, CastingScrapped])


def test_within_a_version_a_topic_may_grow_and_nothing_else() -> None:
    grown = Topic("workshop.things.g2", partitions=12, succeeds=TOPIC)
    again = Topic("workshop.things.g3", partitions=24, succeeds=grown)
    shorn = replace(again, succeeds=replace(grown, partitions=11))

    def refused(old: Topic, new: Topic) -> Iterator[str]:
        return map(str, breaking_changes(schema_with(topic=old), schema_with(topic=new)))

    assert not [*refused(TOPIC, grown), *refused(grown, again), *refused(TOPIC, again)]
    for old, new in (
        (TOPIC, Topic("workshop.things.g2")),
        (TOPIC, replace(TOPIC, partitions=12)),
        (grown, TOPIC),
        (grown, shorn),
    ):
        assert any("x-mainstay-" in line for line in refused(old, new)), (old, new)
