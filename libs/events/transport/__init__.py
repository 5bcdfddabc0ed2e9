"""What a service may use of the mechanism; nothing else here is its business."""

from libs.events.transport.clock import FixedClock
from libs.events.transport.envelope import Envelope, Origin
from libs.events.transport.ingest import Delivery, Ingest
from libs.events.transport.projections import Fold, Projection, Table
from libs.events.transport.runtime import Running, running
from libs.events.transport.service import Job, Server, Service, Timer
from libs.events.transport.work import UnitOfWork, Work

__all__ = [
    "Delivery",
    "Envelope",
    "FixedClock",
    "Fold",
    "Ingest",
    "Job",
    "Origin",
    "Projection",
    "Running",
    "Server",
    "Service",
    "Table",
    "Timer",
    "UnitOfWork",
    "Work",
    "running",
]
