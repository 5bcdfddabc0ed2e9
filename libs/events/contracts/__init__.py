"""Every event of the platform, one module per publisher; importing this registers them all."""

from importlib import import_module
from pkgutil import iter_modules
from typing import Literal

from libs.events.contracts.base import (
    PERSONAL,
    PHI,
    Contract,
    Event,
    Topic,
    contracts,
    platform_contracts,
)
from libs.events.contracts.marks import marked_paths
from libs.events.contracts.versions import (
    check_topics,
    is_latest,
    topics_of,
    upcaster,
    upcasters,
    with_older,
)

_modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]


AclClass = Literal["phi", "personal", "internal"]


def platform_topics() -> list[Topic]:
    """Every topic that a module of contracts declares, by name: also those without a contract."""
    found = {topic for module in _modules for value in vars(module).values()
             if isinstance(value, Topic) for topic in value.generations}  # fmt: skip
    return sorted(found, key=lambda topic: topic.name)


def acl_class(topic: Topic) -> AclClass:
    """What a topic's events tell about people, by the marks of the contracts on it, or on a later
    generation of it.

    Of a topic without a contract nothing is known: it is treated as the most guarded.
    """
    on_it = [contract for contract in contracts().values() if topic in contract.topic.generations]
    kinds = {mark.kind for contract in on_it for _, mark in marked_paths(contract)}
    if PHI.kind in kinds or not on_it:
        return "phi"
    return "personal" if PERSONAL.kind in kinds else "internal"


with_older(platform_contracts().values())  # a version that nothing lifts is found here
check_topics(platform_contracts().values())

__all__ = [
    "PERSONAL",
    "PHI",
    "Contract",
    "Event",
    "Topic",
    "acl_class",
    "check_topics",
    "contracts",
    "is_latest",
    "platform_contracts",
    "platform_topics",
    "topics_of",
    "upcaster",
    "upcasters",
    "with_older",
]
