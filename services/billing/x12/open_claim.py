"""The one claim of an 835 that is being read, until the next one closes it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from services.billing.x12.errors import X12Error
from services.billing.x12.remittance import (
    ADJUSTMENT_GROUPS,
    RemittedAdjustment,
    RemittedClaim,
    RemittedLine,
)
from services.billing.x12.segments import Segments
from services.billing.x12.values import (
    at,
    cents,
    cents_or_zero,
    day,
    quantity,
    repeats,
    required,
)

_CLAIM_REMARKS = {"MIA": (5, 20, 21, 22, 23), "MOA": (3, 4, 5, 6, 7)}


class OpenClaim:
    """Collects segments of loops 2100 and 2110; `number` is the segment of its CLP."""

    def __init__(self, clp: list[str], segments: Segments) -> None:
        self.number = segments.number
        self._segments = segments
        self._clp = clp
        self._adjustments: list[RemittedAdjustment] = []
        self._remarks: list[str] = []
        self._dates: dict[str, date] = {}
        self._lines: list[RemittedLine] = []
        self._svc: list[str] | None = None
        self._svc_number = 0
        self._start_line()

    def _start_line(self) -> None:
        self._line_control: str | None = None
        self._line_adjustments: list[RemittedAdjustment] = []
        self._line_remarks: list[str] = []
        self._line_day: date | None = None

    def handlers(self) -> dict[str, Callable[[list[str]], None]]:
        """What to call for the segments that belong to a claim while it is open."""
        return {
            "CAS": self.adjust,
            "SVC": self.service,
            "REF": self.reference,
            "DTM": self.date,
            "MIA": self.claim_remarks,
            "MOA": self.claim_remarks,
            "LQ": self.line_remark,
        }

    def adjust(self, segment: list[str]) -> None:
        """CAS: up to six triples of reason, amount and quantity."""
        number = self._segments.number
        group = segment[1] if len(segment) > 1 else ""
        if group not in ADJUSTMENT_GROUPS:
            raise X12Error(
                "bad-code",
                number,
                "CAS01 is not CO, PR, OA, PI or CR.",
                "Ask the sender to correct the group code.",
            )
        into = self._adjustments if self._svc is None else self._line_adjustments
        if len(segment) == 4 and segment[2]:  # by far the most: one triple without a quantity
            amount = cents(segment, 3, number)
            into.append(RemittedAdjustment(group, segment[2], amount, None))
            return
        for index in repeats(segment, 2, 3):
            reason = required(segment, index, number)
            amount = cents(segment, index + 1, number)
            count = quantity(segment, index + 2, number)
            into.append(RemittedAdjustment(group, reason, amount, count))

    def service(self, segment: list[str]) -> None:
        """SVC opens the next line."""
        self._finish_line()
        required(segment, 1, self._segments.number)
        self._svc = segment
        self._svc_number = self._segments.number

    def reference(self, segment: list[str]) -> None:
        """REF: of a line only its control number is kept, of the claim none."""
        if self._svc is not None and at(segment, 1) == "6R":
            self._line_control = required(segment, 2, self._segments.number)

    def date(self, segment: list[str]) -> None:
        """DTM: the line's day (472, or 150 as its first), or one of the claim's."""
        qualifier = at(segment, 1)
        value = day(segment, 2, self._segments.number)
        if self._svc is None:
            self._dates[qualifier] = value
        elif qualifier == "472" or (qualifier == "150" and self._line_day is None):
            self._line_day = value

    def claim_remarks(self, segment: list[str]) -> None:
        """Remark codes of MIA and MOA."""
        places = _CLAIM_REMARKS[segment[0]]
        self._remarks.extend(code for place in places if (code := at(segment, place)))

    def line_remark(self, segment: list[str]) -> None:
        """LQ: remark codes are those of list HE; others (NCPDP) are passed by."""
        if at(segment, 1) == "HE":
            self._line_remarks.append(required(segment, 2, self._segments.number))

    def _finish_line(self) -> None:
        svc, number = self._svc, self._svc_number
        if svc is None:
            return
        procedure = svc[1].split(self._segments.delimiters.component)
        # By place, as keywords cost: the fields stand in the order of the guide.
        line = RemittedLine(
            self._line_control,
            procedure[0],
            procedure[1] if len(procedure) > 1 else "",
            tuple(procedure[2:6]) if len(procedure) > 2 else (),
            cents(svc, 2, number),
            cents(svc, 3, number),
            quantity(svc, 5, number) if len(svc) > 5 else None,
            self._line_day,
            tuple(self._line_adjustments),
            tuple(self._line_remarks),
        )
        self._lines.append(line)
        self._start_line()

    def close(self) -> RemittedClaim:
        """The whole claim; refuses one without its required elements."""
        self._finish_line()
        clp, number, dates = self._clp, self.number, self._dates
        return RemittedClaim(
            control_number=required(clp, 1, number),
            status=required(clp, 2, number),
            charge_cents=cents(clp, 3, number),
            paid_cents=cents(clp, 4, number),
            patient_responsibility_cents=cents_or_zero(clp, 5, number),
            filing_code=required(clp, 6, number),
            payer_claim_control_number=required(clp, 7, number),
            facility_code=at(clp, 8),
            frequency=at(clp, 9),
            adjustments=tuple(self._adjustments),
            remarks=tuple(self._remarks),
            lines=tuple(self._lines),
            service_from=dates.get("232"),
            service_to=dates.get("233"),
            received_on=dates.get("050"),
        )
