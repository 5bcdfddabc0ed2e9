"""Charts that are merged (ADT^A40, HL7 v2.5.1 §3.3.40, MRG §3.4.12) or unlinked (A37, §3.3.37)."""

from __future__ import annotations

from uuid import UUID

from services.interop.connections.model import Connection
from services.interop.identity.model import Merge, Parting
from services.interop.messages.told import ToldMerges, ToldParting
from services.interop.mllp.people import (
    chart_place,
    merged_place,
    read_chart,
    read_merged_charts,
)
from services.interop.mllp.segments import Hl7Message, Segment, refuse
from services.interop.patients.model import patient_id_of


def read_merges(message: Hl7Message, survivor_id: UUID, connection: Connection) -> ToldMerges:
    """PID's chart survives; MRG names what was merged into it, perhaps several."""
    segments = list(message.all("MRG"))
    if len(segments) > 1:
        refuse("segment-repeated", "MRG", "send one MRG; it holds several prior numbers in MRG-1")
    if not segments:
        refuse(
            "segment-missing", "MRG", "send one MRG for the patient, with the prior chart number"
        )
    fields = connection.profile.fields
    charts = read_merged_charts(segments[0], fields)
    merged = [_id_of(mrn, authority, connection) for mrn, authority in charts]
    where = merged_place(fields)
    return ToldMerges(tuple(Merge(chart_id, survivor_id, where) for chart_id in merged))


def read_parting(message: Hl7Message, connection: Connection) -> ToldParting:
    """The two charts of an A37; of the rest of its two PIDs nothing is taken."""
    pair = [_chart(pid, connection) for pid in message.all("PID")]
    if len(pair) != 2:
        refuse("segment-missing", "PID[2]", "send both patients of an unlink, each in a PID")
    return ToldParting(Parting(pair[0], pair[1], chart_place(connection.profile.fields)))


def _chart(pid: Segment, connection: Connection) -> UUID:
    return _id_of(*read_chart(pid, connection.profile.fields), connection)


def _id_of(mrn: str, authority: str | None, connection: Connection) -> UUID:
    return patient_id_of(connection.practice_id, authority or connection.source_system, mrn)
