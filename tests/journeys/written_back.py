"""What the EHR is told of its visits' accounts, beside what the ledger says of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any, cast

import hl7

from libs.local.demo.months import Message
from libs.local.run.platform import LocalPlatform


@dataclass(frozen=True)
class Told:
    """An account as a BAR^P05 tells it, in cents."""

    status: str
    patient: int
    charged: int
    adjusted: int
    paid: int


def inbox(live: LocalPlatform, kind: str) -> list[Any]:
    """The EHR's messages of one type, in the order in which they came."""
    files = sorted(live.ehr_inbox.glob("*.hl7"))
    read = [cast(Any, hl7.parse(path.read_bytes().decode())) for path in files]
    return [one for one in read if str(one.segment("MSH")[9]).startswith(kind)]


def accounts(live: LocalPlatform) -> dict[str, list[Told]]:
    """What the EHR was told of each visit, by the visit's number."""
    found: dict[str, list[Told]] = {}
    for bar in inbox(live, "BAR"):
        pv1 = bar.segment("PV1")
        cents = [int(str(pv1[n]).replace(".", "")) for n in (46, 47, 48, 49)]
        found.setdefault(str(pv1[19]), []).append(Told(str(pv1[41]), *cents))
    return found


def booked(journal: list[dict[str, Any]]) -> Told:
    """The sums of a claim's journal; what was charged is a credit there."""
    sums = Counter[str]()
    for line in journal:
        sums[line["account"]] += line["cents"]
    return Told(
        status="",
        patient=sums["patient-receivable"],
        charged=-sums["charges"],
        adjusted=sums["contractual-adjustment"],
        paid=sums["cash"],
    )


def credit(charge: Message, visit: str) -> Message:
    """The same charges, taken back by transactions of their own."""
    segments: list[str] = []
    for segment in charge.segments:
        fields = segment.split("|")
        if fields[0] == "FT1":
            fields[2], fields[6] = f"{visit}X{fields[1]}", "CR"
        segments.append("|".join(fields))
    return replace(charge, control_id=f"{visit}X", segments=tuple(segments))
