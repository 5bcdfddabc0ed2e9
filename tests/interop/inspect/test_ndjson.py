"""What an inspection says of a file of an export is what its import does."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.interop.inspect.fhir import FhirInspection
from services.interop.inspect.model import Issue
from services.interop.inspect.ndjson import inspect_ndjson
from services.interop.messages.model import Refusal
from tests.harness import Harness
from tests.interop.bulk.exporting import counts, ndjson, practice, samples, send_file
from tests.interop.conftest import OpenConnection
from tests.interop.inspect.serving import ZONE
from tests.interop.inspect.test_law import break_one

DAY = date(2020, 1, 1)
VERDICT = tuple[list[Issue], dict[str, int], int]


async def inspected(path: Path) -> FhirInspection:
    return await asyncio.to_thread(
        inspect_ndjson, path, profile=None, time_zone=ZONE, visits_from=DAY
    )


async def served(
    interop: Harness, open_connection: OpenConnection, path: Path, used: FhirInspection
) -> VERDICT:
    practice_id = UUID(int=random.getrandbits(128))
    key = await open_connection(
        practice_id=practice_id,
        kind="fhir",
        time_zone=ZONE,
        profile=used.used.profile.model_dump(mode="json"),
    )
    answer = await send_file(interop, key, path.read_bytes(), f"?visitsFrom={DAY}")
    history = counts(answer).get("history", 0)
    [outcome] = [p["resource"] for p in answer.json()["parameter"] if p["name"] == "outcome"]
    issues = [_issue(one) for one in outcome["issue"] if one["severity"] == "error"]
    async with interop.uow(practice_id) as uow:
        rows = await uow.db.fetch("SELECT event_type FROM message_event")
    return issues, dict(Counter(row["event_type"] for row in rows)), history


def _issue(told: dict[str, Any]) -> Issue:
    where = f"{told['location'][0]}: {told['expression'][0]}"
    return Issue.of(Refusal(told["details"]["coding"][0]["code"], where, told["details"]["text"]))


def verdict(found: FhirInspection) -> VERDICT:
    return list(found.found.refused), found.found.events, found.history


async def test_the_samples_in_disorder_are_imported_as_inspected(
    interop: Harness, open_connection: OpenConnection, tmp_path: Path
) -> None:
    lines = [one for found in samples().values() for one in found]
    random.Random(7).shuffle(lines)
    path = tmp_path / "export.ndjson"
    path.write_bytes(ndjson(lines))
    found = await inspected(path)
    assert verdict(found) == await served(interop, open_connection, path, found)
    assert found.history
    assert found.found.events["interop.query-opened.v2"]
    assert found.found.accepted == len(lines)
    assert found.found.resources["Claim"] == len(samples()["Claim"])


@pytest.mark.parametrize("seed", range(24))
async def test_fuzzed_lines_are_imported_as_inspected(
    interop: Harness, open_connection: OpenConnection, tmp_path: Path, seed: int
) -> None:
    path = tmp_path / "export.ndjson"
    path.write_bytes(fuzzed_export(seed))
    found = await inspected(path)
    assert verdict(found) == await served(interop, open_connection, path, found)


def fuzzed_export(seed: int) -> bytes:
    """Three patients with a visit each, in disorder; up to eight members are missing or wrong."""
    chance = random.Random(seed)
    found = practice(3)
    found += [
        {
            "resourceType": "Appointment",
            "id": f"a{number}",
            "status": chance.choice(("booked", "fulfilled", "noshow")),
            "start": chance.choice(("2026-03-06T01:30:00Z", "2019-03-06T01:30:00Z")),
            "participant": [{"actor": {"reference": f"Patient/p1-{number}"}, "status": "accepted"}],
        }
        for number in range(3)
    ]
    chance.shuffle(found)
    found += chance.sample(found, 3)
    found = json.loads(json.dumps(found))
    for _ in range(seed % 9):
        break_one(found, chance)
    lines = ndjson(found)
    return b"\xef\xbb\xbf" + lines.replace(b"\n", b"\r\n\n") if seed % 2 else lines
