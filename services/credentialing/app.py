"""credentialing: who may treat patients here, and whom each payer pays. The table of contents."""

from libs.events.transport import Service
from services.credentialing.files import api as files

service = Service(
    name="credentialing",
    routes=[files.routes],
)
