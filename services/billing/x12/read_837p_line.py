"""One service line of an 837P (2400) while it is read."""

from __future__ import annotations

from datetime import date

from services.billing.x12.claims_837p import ServiceLine
from services.billing.x12.read_837p_parties import refuse
from services.billing.x12.values import at, cents, day, quantity, required


class ReadLine:
    """Takes SV1, DTP*472 and REF*6R; what else the guide allows in a line is passed over."""

    def __init__(self, segment: list[str], number: int, component: str) -> None:
        self._component = component
        self._control_number = required(segment, 1, number)
        """LX01, where the sender gives no number of its own (REF*6R)."""
        self._code: list[str] = []
        self._charge_cents = self._units = 0
        self._pointers: tuple[int, ...] = ()
        self._service_on: date | None = None

    def take(self, segment: list[str], number: int) -> None:
        match segment[0]:
            case "SV1":
                self._service(segment, number)
            case "DTP" if at(segment, 1) == "472":
                # A range (RD8) is read as its first day.
                first = [*segment[:3], at(segment, 3).partition("-")[0]]
                self._service_on = day(first, 3, number)
            case "REF" if at(segment, 1) == "6R":
                self._control_number = required(segment, 2, number)
            case _:
                pass

    def close(self, number: int) -> ServiceLine:
        """The line, whose last segment came before `number`."""
        if not self._code or self._service_on is None:
            refuse("missing-segment", number, "The line before has no SV1 or no DTP*472.")
        return ServiceLine(
            control_number=self._control_number,
            procedure=self._code[1],
            charge_cents=self._charge_cents,
            units=self._units,
            service_on=self._service_on,
            diagnosis_pointers=self._pointers,
            modifiers=tuple(filter(None, self._code[2:6])),
        )

    def _service(self, segment: list[str], number: int) -> None:
        code = required(segment, 1, number).split(self._component)
        if len(code) < 2 or not code[1]:
            refuse("missing-element", number, "SV101 has no procedure code.")
        units = quantity(segment, 4, number)
        if units is None or units != int(units):
            refuse("bad-quantity", number, "SV104 is not a whole number.")
        pointers = required(segment, 7, number).split(self._component)
        if not all(pointer.isascii() and pointer.isdigit() for pointer in pointers):
            refuse("bad-code", number, "SV107 does not point to diagnoses by number.")
        self._code, self._units = code, int(units)
        self._charge_cents = cents(segment, 2, number)
        self._pointers = tuple(map(int, pointers))
