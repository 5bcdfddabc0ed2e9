"""CloudEvents from a partner's own Kafka client: the ingest topic, in binary or structured mode.

A record names its connection and is signed with the connection's key: the broker vouches for who
may write to the topic, not for who wrote a record, and a key in a header would stay on its disks.
"""

from __future__ import annotations

from uuid import UUID

from libs.events.contracts.interop import INGEST
from libs.events.transport import Delivery, Ingest, UnitOfWork
from services.interop.connections.authenticate import authenticate_signature
from services.interop.connections.model import ConnectionKey
from services.interop.partners.asked import Asked
from services.interop.partners.model import TAKEN
from services.interop.partners.receive import receive_event

CONNECTION = "mainstay-connection"
"""The header with the connection's key up to its secret: `msk_<practice>_<connection>`."""
SIGNATURE = "mainstay-signature"
SIGNED_HEADERS = ("content-type", "ce_id", "ce_source", "ce_type")


def practice_of(delivery: Delivery) -> UUID | None:
    """The practice of the connection that the record names; nothing is proven yet."""
    named = ConnectionKey.read_name(delivery.header(CONNECTION))
    return None if named is None else named[0]


async def take_record(delivery: Delivery, uow: UnitOfWork) -> bool:
    """Take or refuse a record of a known connection, as `POST /events` does.

    False for others', and for those of a suspended or closed one: nothing of them is kept.
    """
    named = ConnectionKey.read_name(delivery.header(CONNECTION))
    if named is None:
        return False
    connection = await authenticate_signature(
        uow, named[1], signed_bytes(delivery), delivery.header(SIGNATURE), "cloudevents"
    )
    if connection is None:
        return False
    asked = Asked.record(delivery.header("content-type"), delivery.key, delivery.headers)
    outcome = await receive_event(delivery.value, asked, connection, uow)
    return not outcome.is_turned_away


def signed_bytes(delivery: Delivery) -> bytes:
    """What the signature is over: four headers, a line each (empty where missing), and the value.

    In structured mode the attributes are in the value, and their lines are empty.
    """
    lines = "".join(f"{delivery.header(name)}\n" for name in SIGNED_HEADERS)
    return lines.encode() + delivery.value


ingest = Ingest(
    name="ingest",
    topic=INGEST,
    takes=tuple(TAKEN.values()),
    headers=(CONNECTION, SIGNATURE),
    key="patient_id",
    practice_of=practice_of,
    take=take_record,
)
