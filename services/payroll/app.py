"""payroll: what clinicians' work is worth to their pay. The table of contents."""

from libs.events.transport import Service
from services.payroll.clinicians import handlers as clinicians
from services.payroll.productivity import api as productivity
from services.payroll.productivity import record
from services.payroll.rates import api as rates

service = Service(
    name="payroll",
    handlers=[
        clinicians.know_clinician,
        record.record_productivity,
        record.correct_productivity,
        record.void_productivity,
    ],
    routes=[rates.rvu_tables, rates.compensation_plans, productivity.routes],
)
