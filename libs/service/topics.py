"""Topics as the contracts declare them: made where missing, never changed."""

from __future__ import annotations

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError

from libs.events.contracts import Topic, contracts


class TopicMismatchError(Exception):
    """A topic has another partition count than its contract's; counts are fixed for life."""


def declared_topics() -> list[Topic]:
    """Every topic of every contract, by name."""
    topics = {contract.topic.name: contract.topic for contract in contracts().values()}
    return [topic for _, topic in sorted(topics.items())]


async def make_topics(kafka: str, *, replication_factor: int = 1) -> list[str]:
    """Make the declared topics that are missing, keeping every event; returns their names."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka, client_id="mainstay-topics")
    await admin.start()
    try:
        existing = set(await admin.list_topics())
        missing = [topic for topic in declared_topics() if topic.name not in existing]
        if missing:
            try:
                await admin.create_topics([_new(topic, replication_factor) for topic in missing])
            except TopicAlreadyExistsError:
                return await make_topics(kafka, replication_factor=replication_factor)
        await _check(admin)
        return [topic.name for topic in missing]
    finally:
        await admin.close()


def _new(topic: Topic, replication_factor: int) -> NewTopic:
    return NewTopic(
        name=topic.name,
        num_partitions=topic.partitions,
        replication_factor=replication_factor,
        topic_configs={
            "retention.ms": "-1",
            "retention.bytes": "-1",
            "cleanup.policy": "delete",
            "min.insync.replicas": str(max(1, replication_factor - 1)),
        },
    )


async def _check(admin: AIOKafkaAdminClient) -> None:
    described = await admin.describe_topics([topic.name for topic in declared_topics()])
    found = {topic["topic"]: len(topic["partitions"]) for topic in described}
    for topic in declared_topics():
        if found.get(topic.name) != topic.partitions:
            raise TopicMismatchError(
                f"{topic.name} has {found.get(topic.name)} partitions; "
                f"its contract says {topic.partitions}"
            )
