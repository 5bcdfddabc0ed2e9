"""An EHR's code as a billable one: by the practice's signed map, or because it already is one."""

from __future__ import annotations

import re
from typing import Literal

from services.interop.connections.model import Profile
from services.interop.encounters.model import SourceCode, Translate

SNOMED_CT = "http://snomed.info/sct"
ICD_10_CM = "http://hl7.org/fhir/sid/icd-10-cm"
HCPCS = "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
CPT = "http://www.ama-assn.org/go/cpt"

NO_SYSTEM = "unknown"
"""What is kept as the system of a code that came without one."""

_DIAGNOSIS = re.compile(r"([A-Z][0-9][0-9A-Z])\.?([0-9A-Z]{1,4})?")
_PROCEDURE = re.compile(r"[A-Z0-9]{5}")


def translator(profile: Profile) -> Translate:
    """The map's rows come first: the practice may bill an old code as another."""
    rows, without_system = profile.targets, profile.codes_without_system_are_billable

    def translate(kind: Literal["diagnosis", "procedure"], code: SourceCode) -> str | None:
        mapped = rows.get((kind, code.system, code.code))
        if mapped is not None:
            return mapped
        system = code.system
        if without_system and system == NO_SYSTEM:
            system = ICD_10_CM if kind == "diagnosis" else HCPCS
        read = _as_diagnosis if kind == "diagnosis" else _as_procedure
        return read(system, code.code)

    return translate


def _as_diagnosis(system: str, code: str) -> str | None:
    """An ICD-10-CM code, with its point where the EHR left it out."""
    found = _DIAGNOSIS.fullmatch(code)
    if system != ICD_10_CM or found is None:
        return None
    category, rest = found.groups()
    return f"{category}.{rest}" if rest else category


def _as_procedure(system: str, code: str) -> str | None:
    return code if system in (HCPCS, CPT) and _PROCEDURE.fullmatch(code) else None
