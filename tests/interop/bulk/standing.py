"""How a practice stands: what is kept, known and said of its patients and visits."""

from __future__ import annotations

import json
from typing import Any

from libs.events.examples import interop as examples
from services.interop.encounters.store import lock_encounter
from services.interop.patients.store import find_patient
from tests.harness import Harness
from tests.interop.conftest import said
from tests.interop.fhir.reading import NPI, PATIENTS, connection


async def opened(interop: Harness) -> str:
    """The key of a connection that knows what the samples name."""
    profile = connection(*(json.loads(path.read_bytes()) for path in PATIENTS)).profile
    profile = profile.model_copy(update={"practitioners": profile.practitioners | {"dr": NPI}})
    command = {
        "connection_id": "00000000-0000-4000-8000-000000000001",
        "kind": "fhir",
        "source_system": "ehr",
        "time_zone": "America/New_York",
        "secret": "s" * 40,
        "profile": profile.model_dump(mode="json") | {"no_coverage_is_self_pay": True},
    }
    async with interop.http(examples.PRACTICE) as client:
        answer = await client.post("/connections", json=command)
    assert answer.status_code == 201, answer.text
    return answer.json()["api_key"]


async def what_was_said(interop: Harness) -> list[str]:
    """Every event, whatever its order and its id."""
    found = said(await interop.published_all())
    return sorted(json.dumps(one, default=str, sort_keys=True) for one in found)


async def standing(interop: Harness) -> dict[str, Any]:
    """The rows that say what the practice knows, unsealed."""
    async with interop.uow(examples.PRACTICE) as uow:
        encounters = [
            await lock_encounter(uow, row["encounter_id"])
            for row in await uow.db.fetch("SELECT encounter_id FROM encounter ORDER BY 1")
        ]
        patients = [
            await find_patient(uow, row["patient_id"])
            for row in await uow.db.fetch("SELECT patient_id FROM patient ORDER BY 1")
        ]
        queries = await uow.db.fetch(
            "SELECT query_id FROM query WHERE answered_at IS NULL ORDER BY 1"
        )
        resources = await uow.db.fetch("SELECT type, id, version FROM fhir_resource ORDER BY 1, 2")
        parts = await uow.db.fetch("SELECT * FROM fhir_part ORDER BY 2, 3, 4, 5, 6")
        untold = await uow.db.fetch("SELECT kind, id FROM fhir_untold ORDER BY 1, 2")
    assert all(one is not None for one in (*encounters, *patients))
    return {
        "encounters": [
            (
                one.encounter_id,
                one.state,
                one.visit,
                one.patient_id,
                one.standing and one.standing.model_dump(),
            )
            for one in encounters
            if one is not None
        ],
        "patients": patients,
        "queries": [tuple(row) for row in queries],
        "resources": [tuple(row) for row in resources],
        "parts": [tuple(row) for row in parts],
        "untold": [tuple(row) for row in untold],
    }
