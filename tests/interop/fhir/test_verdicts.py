"""Every public bundle has its verdict committed beside it, and gets it over HTTP."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from services.interop.fhir.inspect import read_resources
from services.interop.fhir.model import TAKEN
from tests.harness import Harness
from tests.interop.conftest import OpenConnection
from tests.interop.fhir.asking import send
from tests.interop.fhir.reading import SAMPLES, connection

FILES = sorted((SAMPLES / "fhir").glob("*.json"))
EXPECTED: dict[str, Any] = tomllib.loads((SAMPLES / "fhir" / "expected.toml").read_text())
BY_FILE = pytest.mark.parametrize("path", FILES, ids=lambda path: path.name.partition("_")[0])


def test_every_sample_has_its_verdict_and_no_verdict_is_of_nothing() -> None:
    assert set(EXPECTED) == {path.stem for path in FILES}


@BY_FILE
def test_its_resources_are_counted_and_accepted_as_the_verdict_says(path: Path) -> None:
    body = path.read_bytes()
    expected = EXPECTED[path.stem]
    raw = json.loads(body)
    kinds = Counter(entry["resource"]["resourceType"] for entry in raw["entry"])
    assert dict(kinds) == expected["resources"]  # counted apart from the code under test
    reading = read_resources(body, connection(raw))
    taken = Counter(one.type for one in reading.resources if one.is_taken)
    assert taken.total() == expected["accepted"]
    assert set(taken) == set(kinds) & TAKEN
    refused = [f"{one.code} at {one.where}" for one in reading.refusals]
    assert refused == expected["refused"]


@BY_FILE
async def test_its_events_are_those_of_the_verdict(
    interop: Harness, open_connection: OpenConnection, path: Path
) -> None:
    body = path.read_bytes()
    profile = connection(json.loads(body)).profile.model_dump(mode="json")
    key = await open_connection(kind="fhir", profile=profile)
    answer = await send(interop, key, "POST", "", body)
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["entry"]) == sum(EXPECTED[path.stem]["resources"].values())
    events = Counter(event.type for event in await interop.published_all())
    assert dict(events) == EXPECTED[path.stem]["events"]
