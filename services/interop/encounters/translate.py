"""The practice's signed value map, as a function."""

from __future__ import annotations

from typing import Literal

from services.interop.connections.model import Profile
from services.interop.encounters.model import SourceCode, Translate


def translator(profile: Profile) -> Translate:
    rows = {(row.kind, row.system, row.code): row.target for row in profile.codes}

    def translate(kind: Literal["diagnosis", "procedure"], code: SourceCode) -> str | None:
        return rows.get((kind, code.system, code.code))

    return translate
