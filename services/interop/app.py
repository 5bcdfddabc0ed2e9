"""interop: what the practices' EHRs say, understood once. The service's table of contents."""

from libs.events.transport import Server, Service
from services.interop.bulk import api as bulk
from services.interop.bulk.tell import tell_left
from services.interop.connections import api as connections
from services.interop.connections import profiles
from services.interop.fhir import api as fhir
from services.interop.fhir.history import TELL_TIMER
from services.interop.health.watch import SILENT_TIMER, find_silent
from services.interop.identity import api as identity
from services.interop.inbox import pages as inbox
from services.interop.inbox.claims import CLAIMS
from services.interop.messages import api as messages
from services.interop.mllp.server import start_mllp
from services.interop.pages.render import files
from services.interop.partners import api as partners
from services.interop.partners.ingest import ingest
from services.interop.projects import api as projects
from services.interop.queries import api as queries
from services.interop.queries.asking import OVERDUE_TIMER, note_overdue
from services.interop.sandbox import pages as sandbox
from services.interop.smart import clients as smart_clients
from services.interop.smart import token as smart
from services.interop.subscriptions import api as subscriptions
from services.interop.subscriptions import claim_api as claims
from services.interop.subscriptions import coverage_api as coverages
from services.interop.subscriptions.coverages import HANDLERS as FOLLOW_COVERAGES
from services.interop.subscriptions.send import (
    END_TIMER,
    HEARTBEAT_TIMER,
    beat,
    end_subscription,
    send_notification,
)
from services.interop.subscriptions.send import SEND_TIMER as NOTIFICATION_TIMER
from services.interop.writeback import api as write_back
from services.interop.writeback.follow import HANDLERS as FOLLOW_CLAIMS
from services.interop.writeback.send import SEND_TIMER, send_write_back
from services.interop.writeback.tell import HANDLERS as FOLLOW_REMINDERS

service = Service(
    name="interop",
    servers=[Server("mllp", start_mllp)],
    ingests=[ingest],
    handlers=FOLLOW_CLAIMS + FOLLOW_REMINDERS + FOLLOW_COVERAGES,
    projections=[CLAIMS],
    timers={
        SILENT_TIMER: find_silent,
        OVERDUE_TIMER: note_overdue,
        HEARTBEAT_TIMER: beat,
        END_TIMER: end_subscription,
        TELL_TIMER: tell_left,
    },
    transmissions={SEND_TIMER: send_write_back, NOTIFICATION_TIMER: send_notification},
    routes=[
        connections.routes,
        write_back.routes,
        projects.routes,
        identity.routes,
        profiles.routes,
        messages.routes,
        queries.routes,
        partners.routes,
        subscriptions.routes,  # before the rest of FHIR, which answers whatever is left
        claims.routes,
        coverages.routes,
        smart_clients.routes,
        smart.routes,  # before fhir, to whom token would be a type of resource
        bulk.routes,  # before the routes of resources: $import is no type
        fhir.routes,
        sandbox.routes,
        inbox.routes,
        files.routes,
    ],
)
