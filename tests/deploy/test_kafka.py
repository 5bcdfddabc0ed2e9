"""Strimzi's topics and users say what the catalogue says, and let nobody do more."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from deploy.k8s.render import KAFKA, render_kafka, stale
from libs.events.catalogue.__main__ import FOLDER
from libs.events.contracts import platform_topics
from libs.events.transport.service import Service
from libs.service.process import service_names
from tests.deploy.rules import Object

CATALOGUE = json.loads((FOLDER / "asyncapi.json").read_text())
OBJECTS: list[Object] = [
    o
    for name in ("topics.yaml", "users.yaml")
    for o in yaml.safe_load_all((KAFKA / name).read_text())
]
CRDS = os.environ.get("MAINSTAY_TEST_CRDS")
"""A file of Strimzi's CustomResourceDefinitions; with it, objects are held to their schemas."""


def of_kind(objects: list[Object], kind: str) -> dict[str, Object]:
    return {o["metadata"]["name"]: o for o in objects if o["kind"] == kind}


def differing(objects: list[Object]) -> Iterator[str]:
    """A line for each place where topics and users are not what the catalogue says."""
    topics, channels = of_kind(objects, "KafkaTopic"), CATALOGUE["channels"]
    for name in sorted({*topics, *channels}):
        if name not in topics or name not in channels:
            yield f"{name}: {'missing' if name in channels else 'in no contract'}"
        elif _declared(channels[name]) != _made(topics[name]):
            yield f"{name}: another topic than the catalogue's"
    users = of_kind(objects, "KafkaUser")
    wanted = {f"mainstay-{name}": set(_wanted(name)) for name in service_names()}
    wanted["mainstay-topics"] = {
        ("topic", topic, "literal", operation)
        for topic in channels
        for operation in ("Describe", "DescribeConfigs")
    }
    for name in sorted({*users, *wanted}):
        given = set(_given(users[name])) if name in users else set[tuple[str, ...]]()
        needed = wanted.get(name, set())
        yield from (f"{name}: may {' '.join(more)}" for more in sorted(given - needed))
        yield from (f"{name}: may not {' '.join(less)}" for less in sorted(needed - given))


def _declared(channel: Object) -> Object:
    kafka = channel["bindings"]["kafka"]
    return {
        "partitions": kafka["partitions"],
        "owner": channel["address"].partition(".")[0],
        "class": channel["x-mainstay-acl-class"],
        "retention": kafka["topicConfiguration"]["retention.ms"],
        "policy": kafka["topicConfiguration"]["cleanup.policy"],
    }


def _made(topic: Object) -> Object:
    labels, spec = topic["metadata"]["labels"], topic["spec"]
    return {
        "partitions": spec["partitions"],
        "owner": labels["mainstay/owner"],
        "class": labels["mainstay/acl-class"],
        "retention": int(spec["config"]["retention.ms"]),
        "policy": [spec["config"]["cleanup.policy"]],
    }


def _wanted(service: str) -> Iterator[tuple[str, ...]]:
    """What the catalogue's operations of a service need on Kafka."""
    for name, operation in CATALOGUE["operations"].items():
        group, topic = name.split(" ")[0], operation["channel"]["$ref"].rpartition("/")[2]
        if group.partition(".")[0] != service:
            continue
        yield ("topic", topic, "literal", "Describe")
        yield ("topic", topic, "literal", "Write" if operation["action"] == "send" else "Read")
        if operation["action"] == "receive":
            yield ("group", service, "literal", "Read")
            yield ("group", f"{service}.", "prefix", "Read")


def _given(user: Object) -> Iterator[tuple[str, ...]]:
    for acl in user["spec"]["authorization"]["acls"]:
        resource = acl["resource"]
        for operation in acl["operations"] if acl["type"] == "allow" else ():
            yield resource["type"], resource["name"], resource["patternType"], operation


def test_the_committed_resources_are_what_the_contracts_and_lists_say() -> None:
    assert stale(KAFKA, render_kafka()) == [], "python -m deploy.k8s.render writes it"


def test_topics_and_users_are_the_catalogues() -> None:
    assert list(differing(OBJECTS)) == []


def acls(user: Object) -> list[Object]:
    return user["spec"]["authorization"]["acls"]


def rule(user: Object, topic: str) -> Object:
    return next(acl for acl in acls(user) if acl["resource"]["name"] == topic)


def config(topic: Object) -> Object:
    return topic["spec"]["config"]


def one(kind: str, name: str) -> Callable[[list[Object]], Object]:
    return lambda objects: of_kind(objects, kind)[name]


BILLING, PATIENTS = one("KafkaUser", "mainstay-billing"), one("KafkaTopic", "interop.patients")
MORE = {"type": "allow", "resource": {"type": "topic", "name": "*", "patternType": "literal"},
        "operations": ["Read"]}  # fmt: skip
BREAKS: dict[str, tuple[Callable[[list[Object]], Any], str]] = {
    "a right taken": (lambda o: acls(BILLING(o)).pop(0), "mainstay-billing: may not topic billing"),
    "every topic": (lambda o: acls(BILLING(o)).append(MORE), "billing: may topic * literal Read"),
    "one more operation": (
        lambda o: rule(BILLING(o), "agreements.practices")["operations"].append("Write"),
        "mainstay-billing: may topic agreements.practices literal Write",
    ),
    "every group": (
        lambda o: acls(BILLING(o))[-1]["resource"].update(name=""),
        "mainstay-billing: may group  prefix Read",
    ),
    "another's group": (
        lambda o: acls(BILLING(o))[-2]["resource"].update(patternType="prefix"),
        "mainstay-billing: may group billing prefix Read",
    ),
    "a user gone": (lambda o: o.remove(BILLING(o)), "mainstay-billing: may not"),
    "a user more": (
        lambda o: o.append(copy.deepcopy(BILLING(o)) | {"metadata": {"name": "guest"}}),
        "guest: may topic",
    ),
    "a topic gone": (lambda o: o.remove(PATIENTS(o)), "interop.patients: missing"),
    "a topic more": (
        lambda o: o.append(copy.deepcopy(PATIENTS(o)) | {"metadata": {"name": "x"}}),
        "x: in no contract",
    ),
    "more partitions": (lambda o: PATIENTS(o)["spec"].update(partitions=9), "another topic than"),
    "a shorter memory": (lambda o: config(PATIENTS(o)).update({"retention.ms": "1"}), "another t"),
    "compaction": (lambda o: config(PATIENTS(o)).update({"cleanup.policy": "compact"}), "another"),
    "another class": (
        lambda o: PATIENTS(o)["metadata"]["labels"].update({"mainstay/acl-class": "internal"}),
        "interop.patients: another topic",
    ),
}


@pytest.mark.parametrize(("breaks", "said"), BREAKS.values(), ids=BREAKS.keys())
def test_a_change_by_hand_is_found(breaks: Callable[[list[Object]], Any], said: str) -> None:
    objects = copy.deepcopy(OBJECTS)
    breaks(objects)
    found = list(differing(objects))
    assert any(said in line for line in found), found


def test_a_service_that_hears_nothing_may_read_nothing() -> None:
    users = list(yaml.safe_load_all(render_kafka([Service(name="payroll")])["users.yaml"]))
    may = set(_given(of_kind(users, "KafkaUser")["mainstay-payroll"]))
    assert {right[-1] for right in may} == {"Write", "Describe"}
    assert {name for _, name, _, _ in may} == {
        t.name for t in platform_topics() if t.publisher == "payroll"
    }


def test_stale_and_foreign_files_are_found(tmp_path: Path) -> None:
    for name, text in render_kafka().items():
        (tmp_path / name).write_text(text)
    assert stale(tmp_path, render_kafka()) == []
    (tmp_path / "users.yaml").write_text("")
    (tmp_path / "more.yaml").touch()
    assert stale(tmp_path, render_kafka()) == ["more.yaml", "users.yaml"]


def test_nothing_is_said_that_strimzi_does_not_know() -> None:
    """As its v1 resources have it (Strimzi documentation, KafkaTopicSpec and KafkaUserSpec)."""
    for found in OBJECTS:
        topic = found["kind"] == "KafkaTopic"
        known = (
            {"partitions", "replicas", "config"} if topic else {"authentication", "authorization"}
        )
        assert set(found["spec"]) == known
        assert found["metadata"]["labels"]["strimzi.io/cluster"]
        for acl in [] if topic else acls(found):
            assert set(acl) == {"type", "resource", "operations"}
            assert set(acl["resource"]) == {"type", "name", "patternType"}


def strict(schema: Any) -> Any:
    """A CRD's schema that refuses what it does not list, as the API server would prune it."""
    if isinstance(schema, list):
        return [strict(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: strict(inner) for name, inner in schema.items()}
    listed = isinstance(made.get("properties"), dict) and "type" in made
    return made | {"additionalProperties": False} if listed else made


@pytest.mark.skipif(not CRDS, reason="MAINSTAY_TEST_CRDS names no file of Strimzi's CRDs")
@pytest.mark.parametrize("kind", ["KafkaTopic", "KafkaUser"])
def test_the_resources_fit_strimzis_own_schemas(kind: str) -> None:
    definitions = yaml.safe_load_all(Path(CRDS or "").read_text())
    [crd] = [d for d in definitions if d and d["spec"]["names"]["kind"] == kind]
    [version] = [v for v in crd["spec"]["versions"] if v["name"] == "v1" and v["served"]]
    schema = strict(version["schema"]["openAPIV3Schema"]["properties"]["spec"])
    objects = of_kind(OBJECTS, kind).values()
    for found in objects:
        assert found["apiVersion"] == f"{crd['spec']['group']}/v1"
        jsonschema.validate(found["spec"], schema)
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**found["spec"], "partitons": 1}, schema)
