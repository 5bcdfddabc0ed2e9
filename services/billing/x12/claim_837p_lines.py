"""The service lines of a claim in an 837P (2400)."""

from __future__ import annotations

from collections.abc import Iterator

from services.billing.x12.amounts import dollars
from services.billing.x12.characters import code, text
from services.billing.x12.claims_837p import ServiceLine
from services.billing.x12.errors import RefusedElementError


def service_line(line: ServiceLine, diagnoses: int) -> Iterator[str]:
    """SV1, DTP*472 and REF*6R; `diagnoses`: how many the claim has."""
    if not 1 <= len(line.diagnosis_pointers) <= 4 or not all(
        1 <= pointer <= diagnoses for pointer in line.diagnosis_pointers
    ):
        message = "1 to 4 pointers to the claim's diagnoses are expected."
        raise RefusedElementError("out-of-range", "2400 SV107", message)
    if not 1 <= line.units <= 9999:
        raise RefusedElementError("out-of-range", "2400 SV104", "1 to 9999 units are expected.")
    if len(line.modifiers) > 4:
        raise RefusedElementError("out-of-range", "2400 SV101", "At most 4 modifiers are allowed.")
    procedure = ":".join(
        [
            "HC",
            code(line.procedure, "2400 SV101-02", 5, 5),
            *(code(modifier, "2400 SV101-03", 2, 2) for modifier in line.modifiers),
        ]
    )
    pointers = ":".join(map(str, line.diagnosis_pointers))
    charge = dollars(line.charge_cents, "2400 SV102")
    yield f"SV1*{procedure}*{charge}*UN*{line.units}***{pointers}"
    yield f"DTP*472*D8*{line.service_on:%Y%m%d}"
    yield f"REF*6R*{text(line.control_number, '2400 REF02', 30)}"
