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

_modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]


def platform_topics() -> list[Topic]:
    """Every topic that a module of contracts declares, by name: also those without a contract."""
    found = {value for module in _modules for value in vars(module).values()
             if isinstance(value, Topic)}  # fmt: skip
    return sorted(found, key=lambda topic: topic.name)


__all__ = [
    "PERSONAL",
    "PHI",
    "Contract",
    "Event",
    "Topic",
    "contracts",
    "platform_contracts",
    "platform_topics",
]
