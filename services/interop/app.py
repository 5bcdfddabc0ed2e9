"""interop: what the practices' EHRs say, understood once. The service's table of contents."""

from libs.events.transport import Server, Service
from services.interop.bundles import api as bundles
from services.interop.connections import api as connections
from services.interop.health.watch import SILENT_TIMER, find_silent
from services.interop.messages import api as messages
from services.interop.mllp.server import start_mllp
from services.interop.partners import api as partners
from services.interop.partners.ingest import ingest
from services.interop.projects import api as projects
from services.interop.queries import api as queries

service = Service(
    name="interop",
    servers=[Server("mllp", start_mllp)],
    ingests=[ingest],
    timers={SILENT_TIMER: find_silent},
    routes=[
        connections.routes,
        projects.routes,
        messages.routes,
        queries.routes,
        partners.routes,
        bundles.routes,
    ],
)
