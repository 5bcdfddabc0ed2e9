"""Which rows of a connection's profile a message was read with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from pydantic import ValidationError

from libs.events.contracts import Contract
from services.interop.connections.model import Connection, Payer, Profile
from services.interop.encounters.model import SourceCode, ToldVisit, complete
from services.interop.encounters.translate import translator
from services.interop.fhir.inspect import read_resources
from services.interop.messages.model import RefusedError
from services.interop.messages.told import Told
from services.interop.mllp.understand import understand


class MappedRow(Contract):
    """What the EHR wrote, and what the profile says that it is."""

    of: Literal["payer", "practitioner", "place of service", "diagnosis", "procedure"]
    written: str
    mapped: str
    by_profile: bool
    """False: no row was needed, the code is billable as it stands."""


class _Watched(dict[str, Any]):
    """Rows that remember which of them were used."""

    def __init__(self, rows: Mapping[str, Any]) -> None:
        super().__init__(rows)
        self.used: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        self.used[name] = found = super().__getitem__(name)
        return found

    def get(self, name: str, default: Any = None) -> Any:
        try:
            return self[name]
        except KeyError:
            return default


def mapping_of(raw: bytes, connection: Connection) -> tuple[MappedRow, ...]:
    """The rows in the order of their kinds; of a message that was refused, those until then."""
    profile = connection.profile
    payers, practitioners, places = map(
        _Watched, (profile.payers, profile.practitioners, profile.places_of_service)
    )
    watched = profile.model_copy(
        update={"payers": payers, "practitioners": practitioners, "places_of_service": places}
    )
    codes = _codes(raw, replace(connection, profile=watched), profile)
    found = [MappedRow(of="payer", written=w, mapped=_payer(p), by_profile=True)
             for w, p in payers.used.items()]  # fmt: skip
    found += [MappedRow(of="practitioner", written=w, mapped=npi, by_profile=True)
              for w, npi in practitioners.used.items()]  # fmt: skip
    found += [MappedRow(of="place of service", written=w, mapped=p, by_profile=True)
              for w, p in places.used.items()]  # fmt: skip
    return (*found, *codes)


def _codes(raw: bytes, connection: Connection, profile: Profile) -> list[MappedRow]:
    rows = {(row.kind, row.system, row.code) for row in profile.codes}
    translate = translator(profile)
    found: dict[tuple[str, SourceCode], MappedRow] = {}

    def watch(kind: Literal["diagnosis", "procedure"], code: SourceCode) -> str | None:
        target = translate(kind, code)
        if target is not None:
            found[kind, code] = MappedRow(
                of=kind,
                written=f"{code.code} ({code.system})",
                mapped=target,
                by_profile=(kind, code.system, code.code) in rows,
            )
        return target

    try:
        told = _read(raw, connection)
    except (RefusedError, ValidationError):
        return []
    for one in told:
        if isinstance(one, ToldVisit):
            complete(one.visit, watch, answers={})
    return list(found.values())


def _payer(payer: Payer) -> str:
    return f"{payer.payer_id} ({payer.payer_name})"


def _read(raw: bytes, connection: Connection) -> list[Told]:
    """What a kept message tells; a FHIR body is read as if nothing was sent before it."""
    if connection.kind == "fhir":
        return list(read_resources(raw, connection).told)
    return understand(raw, connection)
