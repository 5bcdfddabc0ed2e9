"""Every event of the platform, one module per publisher; importing this registers them all."""

from importlib import import_module
from pkgutil import iter_modules

from libs.events.contracts.base import (
    PERSONAL,
    PHI,
    Contract,
    Event,
    Topic,
    contracts,
    platform_contracts,
)
from libs.events.contracts.versions import is_latest, upcaster, upcasters, with_older

_modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]


def platform_topics() -> list[Topic]:
    """Every topic that a module of contracts declares, by name: also those without a contract."""
    found = {value for module in _modules for value in vars(module).values()
             if isinstance(value, Topic)}  # fmt: skip
    return sorted(found, key=lambda topic: topic.name)


with_older(platform_contracts().values())  # a version that nothing lifts is found here

__all__ = [
    "PERSONAL",
    "PHI",
    "Contract",
    "Event",
    "Topic",
    "contracts",
    "is_latest",
    "platform_contracts",
    "platform_topics",
    "upcaster",
    "upcasters",
    "with_older",
]
