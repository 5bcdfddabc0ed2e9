"""Topics as code: what is declared, held against a real Kafka, and brought about there."""

from __future__ import annotations

import json
from asyncio import to_thread
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID, uuid4

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from typer.testing import CliRunner

from libs.cli import topics as command
from libs.cli.app import app
from libs.events.contracts import PERSONAL, PHI, Event, Topic, acl_class, platform_topics
from libs.service.topics import Difference, apply, differences, settings_of
from tests.conftest import Addresses
from tests.contracts.throwaway import made

KEPT, BOUNDED = Topic("workshop.kept", 3), Topic("workshop.bounded", 2, retention_days=7)


@pytest.fixture
async def admin(addresses: Addresses) -> AsyncIterator[AIOKafkaAdminClient]:
    client = AIOKafkaAdminClient(bootstrap_servers=addresses.kafka)
    await client.start()
    yield client
    await client.close()


@pytest.fixture
async def topics(admin: AIOKafkaAdminClient) -> AsyncIterator[list[Topic]]:
    """Two topics that are nobody's else, and not there yet."""
    mine = [replace(t, name=f"{t.name}-{uuid4().hex[:8]}") for t in (KEPT, BOUNDED)]
    yield mine
    await admin.delete_topics([t.name for t in mine])


async def change_setting(admin: AIOKafkaAdminClient, topic: Topic, **settings: str) -> None:
    named = {name.replace("_", "."): value for name, value in settings.items()}
    await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic.name, named)])


async def setting(admin: AIOKafkaAdminClient, topic: Topic, name: str) -> str:
    [answer] = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic.name)])
    [resource] = answer.to_object()["resources"]
    [found] = [e for e in resource["config_entries"] if e["config_names"] == name]
    return found["config_value"]


async def test_what_is_missing_is_planned_made_and_then_as_declared(
    addresses: Addresses, topics: list[Topic], admin: AIOKafkaAdminClient
) -> None:
    kafka = addresses.kafka
    missing = [Difference(t.name, "topic", str(t.partitions), None) for t in topics]
    assert await differences(kafka, topics, replication_factor=1) == missing
    assert await differences(kafka, topics, replication_factor=1) == missing, "a plan changes none"
    assert await apply(kafka, topics, replication_factor=1) == (missing, [])
    assert await differences(kafka, topics, replication_factor=1) == []
    assert await apply(kafka, topics, replication_factor=1) == ([], [])
    assert await setting(admin, topics[0], "retention.ms") == "-1"
    assert await setting(admin, topics[1], "retention.ms") == str(7 * 24 * 3600 * 1000)


async def test_a_setting_is_put_right_and_others_stay(
    addresses: Addresses, topics: list[Topic], admin: AIOKafkaAdminClient
) -> None:
    await apply(addresses.kafka, topics, replication_factor=1)
    kept, _ = topics
    declared = settings_of(kept, 1)
    others = {"retention.ms": "1000", "cleanup.policy": "compact", "max.message.bytes": "4096"}
    await change_setting(admin, kept, **{n.replace(".", "_"): v for n, v in
                                         (declared | others).items()})  # fmt: skip
    wrong = [
        Difference(kept.name, "cleanup.policy", "delete", "compact"),
        Difference(kept.name, "retention.ms", "-1", "1000"),
    ]
    assert await differences(addresses.kafka, topics, replication_factor=1) == wrong
    assert await apply(addresses.kafka, topics, replication_factor=1) == (wrong, [])
    assert await differences(addresses.kafka, topics, replication_factor=1) == []
    assert await setting(admin, kept, "max.message.bytes") == "4096", "nobody declared it"


async def test_partitions_and_copies_are_told_with_advice_and_left(
    addresses: Addresses, topics: list[Topic]
) -> None:
    await apply(addresses.kafka, topics, replication_factor=1)
    kept, bounded = topics
    grown = [replace(kept, partitions=9), bounded]
    [left] = await differences(addresses.kafka, grown, replication_factor=1)
    assert (left.what, left.declared, left.found) == ("partitions", "9", "3")
    assert "declare a new topic" in (left.advice or "")
    assert await apply(addresses.kafka, grown, replication_factor=1) == ([], [left])
    assert await differences(addresses.kafka, grown, replication_factor=1) == [left]
    found = await differences(addresses.kafka, topics, replication_factor=3)
    assert {d.what for d in found} == {"replicas", "min.insync.replicas"}


def run(kafka: str, *arguments: str) -> Any:
    environment = {"MAINSTAY_KAFKA": kafka, "COLUMNS": "400"}
    one_copy = () if arguments == ("list",) else ("--replication-factor", "1")
    return CliRunner().invoke(app, ["topics", *arguments, *one_copy], env=environment)


async def test_the_command_plans_applies_and_ends_with_1_where_something_is_left(
    addresses: Addresses, topics: list[Topic], monkeypatch: pytest.MonkeyPatch
) -> None:
    declared = topics
    monkeypatch.setattr(command, "declared_topics", lambda: declared)
    planned = await to_thread(run, addresses.kafka, "plan", "--json")
    assert [d["topic"] for d in json.loads(planned.stdout)["differences"]] == [
        t.name for t in topics
    ]
    applied = await to_thread(run, addresses.kafka, "apply")
    assert (applied.exit_code, applied.stdout.splitlines()[-1]) == (0, "2 changed")
    planned = await to_thread(run, addresses.kafka, "plan")
    assert planned.stdout == "every topic is as declared\n"
    declared = [replace(topics[0], partitions=9)]
    refused = await to_thread(run, addresses.kafka, "apply", "--json")
    assert refused.exit_code == 1
    [left] = json.loads(refused.stdout)["left"]
    assert (left["what"], left["found"], left["declared"]) == ("partitions", "3", "9")
    assert "a new topic" in left["advice"]


def test_the_list_names_owner_and_class_of_every_topic() -> None:
    listed = CliRunner().invoke(app, ["topics", "list", "--json"])
    rows = {row["topic"]: row for row in json.loads(listed.stdout)}
    assert set(rows) == {topic.name for topic in platform_topics()}
    assert rows["interop.patients"] == {
        "topic": "interop.patients",
        "owner": "interop",
        "acl_class": "phi",
        "partitions": 6,
        "retention_days": None,
    }
    assert rows["interop.ingest"]["retention_days"] == 7
    assert "internal" in {row["acl_class"] for row in rows.values()}


def on(topic: Topic, kind: str, annotation: Any) -> None:
    """Declare a contract on the topic that says something of this kind."""
    body = {"type": f"{topic.name}-{kind}.v1", "topic": topic, "key": "thing_id"}
    made(f"On_{kind}", Event, {"thing_id": UUID, "said": annotation}, body)


def test_the_class_of_a_topic_follows_from_the_marks_on_it() -> None:
    topic = Topic("workshop.classed")
    assert acl_class(topic) == "phi", "nothing is known of it"
    on(topic, "plain", str)
    assert acl_class(topic) == "internal"
    on(topic, "personal", Annotated[str, PERSONAL])
    assert acl_class(topic) == "personal"
    on(topic, "health", Annotated[str, PHI])
    assert acl_class(topic) == "phi"
