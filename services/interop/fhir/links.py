"""Patient.link: which charts were merged (FHIR R4 §8.1.7, link types `replaced-by`, `replaces`).

A link is read from either side, and from both it is one merge. `seealso` and `refer` say that two
records are to be looked at together, not that one has ended, so they are left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from services.interop.connections.model import Connection
from services.interop.fhir.elements import as_list, as_object, as_text
from services.interop.fhir.model import Entry, Resource, View, refuse
from services.interop.fhir.people import read_chart
from services.interop.identity.model import Merge
from services.interop.patients.model import patient_id_of


def is_replaced(patient: Entry) -> bool:
    """Another record is to be used in its place; its own content is not taken any more."""
    return any(link.get("type") == "replaced-by" for link in _links(patient))


def is_linked(patient: Entry) -> bool:
    """True where its links tell a merge."""
    return any(link.get("type") in ("replaced-by", "replaces") for link in _links(patient))


def read_merges(patient: Entry, view: View, connection: Connection) -> Iterator[Merge]:
    """The merges that a Patient's links tell; raises RefusedError naming the link."""
    for number, link in enumerate(_links(patient)):
        if link.get("type") not in ("replaced-by", "replaces"):
            continue
        where = f"{patient.where}.link[{number}]"
        own, other = (
            _chart(patient, connection),
            _other(link.get("other"), patient, where, view, connection),
        )
        if link.get("type") == "replaced-by":
            yield Merge(own, other, where)
        else:
            yield Merge(other, own, where)


def _other(reference: Any, patient: Entry, where: str, view: View, connection: Connection) -> UUID:
    """By the Patient in sight, or by the chart number as the reference's identifier."""
    entry = view.follow(reference, patient)
    if entry is not None and entry.type == "Patient":
        return _chart(entry, connection)
    identifier = as_object(as_object(reference).get("identifier"))
    number = as_text(identifier.get("value"))
    if number is None:
        refuse(
            "linked-patient-missing",
            f"{where}.other",
            "send the linked Patient, or its chart number as other.identifier",
        )
    authority = as_text(identifier.get("system")) or connection.source_system
    return patient_id_of(connection.practice_id, authority, number)


def _chart(patient: Entry, connection: Connection) -> UUID:
    authority, number = read_chart(patient)
    return patient_id_of(connection.practice_id, authority or connection.source_system, number)


def _links(patient: Entry) -> list[Resource]:
    return [as_object(link) for link in as_list(patient.resource.get("link"))]
