"""Topics as the contracts declare them: made where missing, never changed."""

from __future__ import annotations

import asyncio

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import NoError, TopicAlreadyExistsError, for_code

from libs.events.contracts import Topic, platform_topics


class TopicMismatchError(Exception):
    """A topic has another partition count than its contract's; counts are fixed for life."""


def declared_topics() -> list[Topic]:
    """Every topic that the contracts declare, by name."""
    return platform_topics()


async def make_topics(kafka: str, *, replication_factor: int = 1) -> list[str]:
    """Make the declared topics that are missing; returns their names."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka, client_id="mainstay-topics")
    await admin.start()
    try:
        existing = set(await admin.list_topics())
        missing = [topic for topic in declared_topics() if topic.name not in existing]
        if missing:
            answer = await admin.create_topics([_new(t, replication_factor) for t in missing])
            for made in answer.to_object()["topic_errors"]:
                error = for_code(made["error_code"])
                # Somebody else may have made it meanwhile; the check tells whether it fits.
                if error not in (NoError, TopicAlreadyExistsError):
                    raise error(f"{made['topic']}: {made.get('error_message')}")
        await _check(admin)
        return [topic.name for topic in missing]
    finally:
        await admin.close()


def _new(topic: Topic, replication_factor: int) -> NewTopic:
    days = topic.retention_days
    return NewTopic(
        name=topic.name,
        num_partitions=topic.partitions,
        replication_factor=replication_factor,
        topic_configs={
            "retention.ms": "-1" if days is None else str(days * 24 * 3600 * 1000),
            "retention.bytes": "-1",
            "cleanup.policy": "delete",
            "min.insync.replicas": str(max(1, replication_factor - 1)),
        },
    )


async def _check(admin: AIOKafkaAdminClient) -> None:
    names = [topic.name for topic in declared_topics()]
    found: dict[str, int] = {}
    for _ in range(50):  # brokers hear of a new topic a little later
        described = await admin.describe_topics(names)
        found = {topic["topic"]: len(topic["partitions"]) for topic in described}
        if all(found.get(name) for name in names):
            break
        await asyncio.sleep(0.1)
    for topic in declared_topics():
        if found.get(topic.name) != topic.partitions:
            raise TopicMismatchError(
                f"{topic.name} has {found.get(topic.name)} partitions; "
                f"its contract says {topic.partitions}"
            )
