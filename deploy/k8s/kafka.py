"""Topics and users as Strimzi's resources (`kafka.strimzi.io/v1`), from the contracts and lists.

Least privilege: a service writes the topics that it publishes to, reads those that it hears, and
joins groups of its own name. Whoever runs `mainstay topics` may look at topics, and nothing else:
here Strimzi's operator makes them.
"""

from __future__ import annotations

from typing import Any

from libs.events.contracts import Topic, acl_class, platform_topics, topics_of
from libs.events.transport.service import Service
from libs.service.topics import settings_of

Object = dict[str, Any]
NAMESPACE, CLUSTER = "kafka", "kafka"
REPLICAS = 3


def topic_objects() -> list[Object]:
    """A KafkaTopic for every topic that the contracts declare."""
    return [_topic(topic) for topic in platform_topics()]


def user_objects(services: list[Service]) -> list[Object]:
    """A KafkaUser for every service, and one for `mainstay topics`."""
    looking = [
        _allow("topic", topic.name, "Describe", "DescribeConfigs") for topic in platform_topics()
    ]
    return [*[_user(service.name, _acls_of(service)) for service in services],
            _user("topics", looking)]  # fmt: skip


def _topic(topic: Topic) -> Object:
    labels = {"mainstay/owner": topic.publisher, "mainstay/acl-class": acl_class(topic)}
    spec = {
        "partitions": topic.partitions,
        "replicas": REPLICAS,
        "config": settings_of(topic, REPLICAS),
    }
    return _object("KafkaTopic", topic.name, labels, spec)


def _user(name: str, acls: list[Object]) -> Object:
    spec = {
        "authentication": {"type": "tls"},
        "authorization": {"type": "simple", "acls": acls},
    }
    return _object("KafkaUser", f"mainstay-{name}", {"mainstay/service": name}, spec)


def _acls_of(service: Service) -> list[Object]:
    acls = [_allow("topic", t.name, "Write", "Describe") for t in service.publishes_to()]
    heard = _heard_by(service)
    acls += [_allow("topic", name, "Read", "Describe") for name in heard]
    if heard:
        acls.append(_allow("group", service.name, "Read"))
        acls.append(_allow("group", f"{service.name}.", "Read", pattern="prefix"))
    return acls


def _heard_by(service: Service) -> list[str]:
    topics = set(topics_of(service.handlers_by_type()))
    for projection in service.projections:
        topics |= set(topics_of(projection.by_type()))
    topics |= {ingest.topic for ingest in service.ingests}
    return sorted(topic.name for topic in topics)


def _allow(kind: str, name: str, *operations: str, pattern: str = "literal") -> Object:
    return {
        "type": "allow",
        "resource": {"type": kind, "name": name, "patternType": pattern},
        "operations": list(operations),
    }


def _object(kind: str, name: str, labels: dict[str, str], spec: Object) -> Object:
    return {
        "apiVersion": "kafka.strimzi.io/v1",
        "kind": kind,
        "metadata": {
            "name": name,
            "namespace": NAMESPACE,
            "labels": {
                "strimzi.io/cluster": CLUSTER,
                "app.kubernetes.io/part-of": "mainstay",
                **labels,
            },
        },
        "spec": spec,
    }
