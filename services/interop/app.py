"""interop: what the practices' EHRs say, understood once. The service's table of contents."""

from libs.events.transport import Service
from services.interop.connections import api as connections
from services.interop.messages import api as messages
from services.interop.partners import api as partners
from services.interop.queries import api as queries

service = Service(
    name="interop",
    routes=[
        connections.routes,
        messages.routes,
        queries.routes,
        partners.routes,
    ],
)
