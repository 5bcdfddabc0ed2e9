"""Visits that an import has kept as history: nothing but another import has them billed."""

from __future__ import annotations

from services.interop.connections.model import Connection
from services.interop.fhir.charges import service_on, taken_back
from services.interop.fhir.model import Entry, Untold, View, refuse
from services.interop.fhir.references import missing_of

TELL_TIMER = "tell-imported"
"""By connection: it has what its imports have kept told."""

_CHARGES = ("Claim", "ChargeItem")


def is_kept_only(visit: Entry, view: View, connection: Connection, untold: Untold) -> bool:
    """True where a request may not have a visit told: it is history, or not all of it has come.

    Raises RefusedError where the request charges for a visit that is history: its sender expects a
    bill, and must hear that there is none.
    """
    from_day = untold.get((visit.type, visit.id))
    if from_day is None or taken_back(visit, view) is not None:
        return False
    if service_on(visit, connection) >= from_day:
        return bool(missing_of(whole_of(visit, view), view))
    for entry in view.entries:
        if entry.type in _CHARGES and visit in view.owners_of(entry):
            refuse(
                "visit-is-history",
                entry.where,
                "this visit was imported as history and is not billed; import it again with a "
                "visitsFrom on or before its day, or leave its charges out",
            )
    return True


def whole_of(owner: Entry, view: View) -> list[Entry]:
    """A visit or a patient, and all that says that it belongs to it."""
    kinds = ("Claim", "ChargeItem", "Condition", "Coverage", "Procedure", "ServiceRequest")
    return [owner, *(part for kind in kinds for part in view.parts_of(owner, kind))]
