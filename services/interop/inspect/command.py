"""`mainstay hl7 inspect` and `mainstay fhir inspect`: files in, verdicts out."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import TypeVar

import typer
from pydantic import TypeAdapter, ValidationError
from rich.console import Console

from services.interop.connections.model import Profile, TimeZone
from services.interop.inspect.fhir import FhirInspection, inspect_fhir
from services.interop.inspect.hl7 import Hl7Inspection, inspect_hl7
from services.interop.inspect.model import UnreadableError
from services.interop.inspect.ndjson import inspect_ndjson
from services.interop.inspect.show import show_fhir, show_hl7

I = TypeVar("I", Hl7Inspection, FhirInspection)  # noqa: E741
ACCEPTED, REFUSED, UNREADABLE = 0, 1, 2


def inspect_hl7_files(
    files: Sequence[Path], as_json: bool, profile: Path | None, time_zone: str, fill_in: bool
) -> int:
    told, zone = _profile(profile), _zone(time_zone)
    return _inspect(
        files,
        lambda path: inspect_hl7(
            str(path), path.read_bytes(), profile=told, time_zone=zone, fill_in=fill_in
        ),
        show_hl7,
        as_json,
    )


def inspect_fhir_files(
    files: Sequence[Path],
    as_json: bool,
    profile: Path | None,
    time_zone: str,
    visits_from: str | None,
) -> int:
    told, zone, day = _profile(profile), _zone(time_zone), _day(visits_from)

    def inspect(path: Path) -> FhirInspection:
        if path.suffix == ".ndjson":
            return inspect_ndjson(path, profile=told, time_zone=zone, visits_from=day)
        return inspect_fhir(str(path), path.read_bytes(), profile=told, time_zone=zone)

    return _inspect(files, inspect, show_fhir, as_json)


def _inspect(
    files: Sequence[Path],
    inspect: Callable[[Path], I],
    show: Callable[[I, Console], None],
    as_json: bool,
) -> int:
    """Every file is inspected, also after one that cannot be read."""
    found: list[I] = []
    unreadable = False
    for path in files:
        try:
            found.append(inspect(path))
        except UnreadableError as error:
            unreadable = True
            typer.echo(f"{path}: {error}", err=True)
        except OSError as error:
            unreadable = True
            typer.echo(f"{path}: {error.strerror}; give a file that can be read", err=True)
    if as_json:
        shown = [one.found.model_dump(mode="json") for one in found]
        if shown:
            typer.echo(json.dumps(shown[0] if len(files) == 1 else shown, indent=2))
    else:
        for one in found:
            show(one, Console(highlight=False))
    if unreadable:
        return UNREADABLE
    return ACCEPTED if all(one.found.is_accepted for one in found) else REFUSED


def _profile(path: Path | None) -> Profile | None:
    if path is None:
        return None
    try:
        return Profile.model_validate_json(path.read_bytes())
    except OSError as error:
        raise _unusable(
            f"{path}: {error.strerror}; give the file of a connection's profile"
        ) from None
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, e['loc'])) or 'profile'}: {e['msg']}"
                 for e in error.errors(include_input=False)[:5]]  # fmt: skip
        raise _unusable(f"{path} is no connection's profile: {'; '.join(wrong)}") from None


def _zone(name: str) -> str:
    try:
        return TypeAdapter[str](TimeZone).validate_python(name)
    except ValidationError:
        raise _unusable(
            f"--time-zone {name}: name one of the IANA database, such as America/New_York"
        ) from None


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise _unusable(f"--visits-from {text}: give a day, such as 2026-01-31") from None


def _unusable(text: str) -> typer.Exit:
    typer.echo(text, err=True)
    return typer.Exit(UNREADABLE)
