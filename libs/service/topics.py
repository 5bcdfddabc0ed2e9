"""Topics as code: what the contracts declare, held against what a Kafka has, and brought about.

A missing topic is made and a setting is put right. A partition count is fixed for life, and copies
are moved by Kafka's own tools: such a difference is told with what to do, and left.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import NoError, TopicAlreadyExistsError, for_code

from libs.events.contracts import Topic, platform_topics

SET_ON_THE_TOPIC = 1
"""The config source of a topic's own settings (Kafka protocol, DescribeConfigs)."""
ADVICE = {
    "partitions": (
        "keys would move to other partitions, and out of their order: declare a new topic that "
        "succeeds it, such as NAME.g2, and move its events there"
    ),
    "replicas": "kafka-reassign-partitions.sh moves copies; or say --replication-factor",
}
"""For what apply does not change."""


class TopicMismatchError(Exception):
    """A topic is not as its contract says, in a way that nothing may change."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a Kafka is not as declared; `what`: topic (it is missing), partitions, replicas, or the
    name of a setting."""

    topic: str
    what: str
    declared: str
    found: str | None

    @property
    def advice(self) -> str | None:
        """What a person may do where apply does not; None where it does."""
        return ADVICE.get(self.what)


class _There(NamedTuple):
    """A topic as Kafka has it; `own`: the settings that were made on it."""

    partitions: int
    replicas: int
    settings: dict[str, str]
    own: dict[str, str]


def declared_topics() -> list[Topic]:
    """Every topic that the contracts declare, by name."""
    return platform_topics()


async def differences(
    kafka: str, topics: list[Topic], *, replication_factor: int = 3
) -> list[Difference]:
    """Every difference, by topic."""
    async with _admin(kafka) as admin:
        there = await _describe(admin, topics)
    return [d for topic in topics for d in _compare(topic, there, replication_factor)]


async def apply(
    kafka: str, topics: list[Topic], *, replication_factor: int = 3
) -> tuple[list[Difference], list[Difference]]:
    """Make what is missing and put settings right; returns (what was changed, what was left).

    Settings of a topic that are not declared stay as they are.
    """
    found = await differences(kafka, topics, replication_factor=replication_factor)
    left = [difference for difference in found if difference.advice]
    done = [difference for difference in found if not difference.advice]
    async with _admin(kafka) as admin:
        missing = {d.topic for d in done if d.what == "topic"}
        await _make(admin, [t for t in topics if t.name in missing], replication_factor)
        changed = {d.topic for d in done} - missing
        if wrong := [topic for topic in topics if topic.name in changed]:
            await _put_right(admin, wrong, replication_factor)
    return done, left


async def make_topics(kafka: str, *, replication_factor: int = 1) -> list[str]:
    """Make the declared topics that are missing, and change none; returns their names.

    Raises TopicMismatchError where one has another partition count than its contract says.
    """
    topics = declared_topics()
    found = await differences(kafka, topics, replication_factor=replication_factor)
    missing = [topic for topic in topics if any(d.topic == topic.name and d.what == "topic"
                                                for d in found)]  # fmt: skip
    async with _admin(kafka) as admin:
        await _make(admin, missing, replication_factor)
    for wrong in await differences(kafka, topics, replication_factor=replication_factor):
        if wrong.what in ("partitions", "topic"):
            raise TopicMismatchError(
                f"{wrong.topic} has {wrong.found or 'no'} partitions; "
                f"its contract says {wrong.declared}"
            )
    return [topic.name for topic in missing]


@asynccontextmanager
async def _admin(kafka: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka, client_id="mainstay-topics")
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


def settings_of(topic: Topic, replication_factor: int) -> dict[str, str]:
    """Every setting that is made on a topic; one copy may be away and it still takes events."""
    return {**topic.configuration, "min.insync.replicas": str(max(1, replication_factor - 1))}


def _compare(
    topic: Topic, there: dict[str, _There], replication_factor: int
) -> Iterator[Difference]:
    found = there.get(topic.name)
    if found is None:
        yield Difference(topic.name, "topic", str(topic.partitions), None)
        return
    if found.partitions != topic.partitions:
        yield Difference(topic.name, "partitions", str(topic.partitions), str(found.partitions))
    if found.replicas != replication_factor:
        yield Difference(topic.name, "replicas", str(replication_factor), str(found.replicas))
    for name, value in settings_of(topic, replication_factor).items():
        if found.settings.get(name) != value:
            yield Difference(topic.name, name, value, found.settings.get(name))


async def _describe(admin: AIOKafkaAdminClient, topics: list[Topic]) -> dict[str, _There]:
    existing = set(await admin.list_topics())
    names = [topic.name for topic in topics if topic.name in existing]
    if not names:
        return {}
    described = {d["topic"]: d["partitions"] for d in await admin.describe_topics(names)}
    settings = await _read_settings(admin, names)
    return {
        name: _There(
            partitions=len(described[name]),
            replicas=min(len(p["replicas"]) for p in described[name]),
            settings={e["config_names"]: e["config_value"] for e in settings[name]},
            own={e["config_names"]: e["config_value"] for e in settings[name]
                 if e["config_source"] == SET_ON_THE_TOPIC},
        )
        for name in names
        if described.get(name)  # brokers hear of a new topic a little later
    }  # fmt: skip


async def _read_settings(
    admin: AIOKafkaAdminClient, names: list[str]
) -> dict[str, list[dict[str, Any]]]:
    asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    found: dict[str, list[dict[str, Any]]] = {}
    for answer in await admin.describe_configs(asked):
        for resource in answer.to_object()["resources"]:
            _raise_for(resource["error_code"], resource["resource_name"])
            found[resource["resource_name"]] = resource["config_entries"]
    return found


async def _make(admin: AIOKafkaAdminClient, topics: list[Topic], replication_factor: int) -> None:
    """Make topics and wait until every broker asked has heard of them."""
    if not topics:
        return
    new = [
        NewTopic(
            name=topic.name,
            num_partitions=topic.partitions,
            replication_factor=replication_factor,
            topic_configs=settings_of(topic, replication_factor),
        )
        for topic in topics
    ]
    answer = await admin.create_topics(new)
    for made in answer.to_object()["topic_errors"]:
        if for_code(made["error_code"]) is not TopicAlreadyExistsError:  # made by another meanwhile
            _raise_for(made["error_code"], made["topic"])
    for _ in range(50):
        if len(await _describe(admin, topics)) == len(topics):
            return
        await asyncio.sleep(0.1)


async def _put_right(
    admin: AIOKafkaAdminClient, topics: list[Topic], replication_factor: int
) -> None:
    """The request replaces all settings made on a topic, so the others are said again."""
    there = await _describe(admin, topics)
    changes = [
        ConfigResource(
            ConfigResourceType.TOPIC,
            topic.name,
            {**there[topic.name].own, **settings_of(topic, replication_factor)},
        )
        for topic in topics
    ]
    for answer in await admin.alter_configs(changes):
        for resource in answer.to_object()["resources"]:
            _raise_for(resource["error_code"], resource["resource_name"])


def _raise_for(error_code: int, topic: str) -> None:
    error = for_code(error_code)
    if error is not NoError:
        raise error(topic)
