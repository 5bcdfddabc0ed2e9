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

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = ["PERSONAL", "PHI", "Contract", "Event", "Topic", "contracts", "platform_contracts"]
