"""agreements: the contract between the MSO and a practice, and its fees. The table of contents."""

from libs.events.transport import Service
from services.agreements.agreements import api as agreements
from services.agreements.fees import accrue
from services.agreements.fees import api as fees
from services.agreements.practices import api as practices

service = Service(
    name="agreements",
    handlers=[
        accrue.accrue_management_fee,
        accrue.reverse_management_fee,
        accrue.accrue_on_patient_payment,
        accrue.reverse_on_patient_payment,
    ],
    routes=[practices.routes, agreements.routes, fees.routes],
)
