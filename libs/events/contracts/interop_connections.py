"""Published by interop: whether the practices' connections to their EHRs do their work."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from pydantic import AwareDatetime

from libs.events.contracts.base import Event, Topic
from libs.events.contracts.interop import Source
from libs.events.contracts.values import ConnectionId, Short

CONNECTIONS = Topic("interop.connections")


class InterfaceDown(Event):
    """A live connection does not do its work: somebody has to look."""

    type: ClassVar = "interop.interface-down.v1"
    topic: ClassVar = CONNECTIONS
    key: ClassVar = "connection_id"

    connection_id: ConnectionId
    kind: Source
    source_system: Short
    """The EHR's name."""
    reason: Literal["silent", "failing"]
    """`silent`: nothing came for longer than it should; `failing`: most of what came was refused.
    """
    last_seen_at: AwareDatetime | None
    """None: it was never heard."""
    down_on: date
    """The day in the connection's time zone."""


class InterfaceUp(Event):
    """A connection that was down is so no more."""

    type: ClassVar = "interop.interface-up.v1"
    topic: ClassVar = CONNECTIONS
    key: ClassVar = "connection_id"

    connection_id: ConnectionId
    because: Literal["heard", "recovered", "taken-off"]
    """`heard`: after its silence; `recovered`: what comes is understood again; `taken-off`: nobody
    awaits it any more, it was suspended or closed, or is not expected at any time."""
