"""The order inside an export, and of its files, decides nothing."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.harness import Harness
from tests.interop.bulk.exporting import (
    ENCOUNTER,
    EVER,
    counts,
    issues,
    ndjson,
    samples,
    send_file,
)
from tests.interop.bulk.standing import opened, standing, what_was_said
from tests.interop.fhir.asking import send
from tests.interop.fhir.reading import PATIENTS
from tests.interop.fhir.test_bad_bundles import CLAIM, CONDITION, PATIENT

SAMPLES = samples()
MORE = f"?visitsFrom={EVER}&more=true"
LAST = f"?visitsFrom={EVER}"

Make = Callable[[str], Awaitable[Harness]]


def all_in(order: str) -> list[dict[str, Any]]:
    found = [one for resources in SAMPLES.values() for one in resources]
    match order:
        case "backwards":
            found.reverse()
        case "shuffled":
            random.Random(20).shuffle(found)
        case _:
            found.sort(key=lambda one: one["resourceType"])
    return found


async def test_samples_in_any_order_come_to_what_their_bundles_come_to(
    service_harness: Make,
) -> None:
    bundles = await service_harness("interop")
    key = await opened(bundles)
    for path in PATIENTS:
        assert (await send(bundles, key, "POST", "", path.read_bytes())).status_code == 200
    expected, events = await standing(bundles), await what_was_said(bundles)
    assert len(expected["encounters"]) == 29
    for order in ("by type", "backwards", "shuffled"):
        interop = await service_harness("interop")
        key = await opened(interop)
        answer = await send_file(interop, key, ndjson(all_in(order)), LAST)
        assert counts(answer)["created"] == 100
        assert issues(answer) == []
        assert await what_was_said(interop) == events, order
        assert same(await standing(interop), expected), order


async def test_files_of_one_type_each_in_any_order_come_to_the_same(service_harness: Make) -> None:
    bundles = await service_harness("interop")
    key = await opened(bundles)
    for path in PATIENTS:
        assert (await send(bundles, key, "POST", "", path.read_bytes())).status_code == 200
    expected, events = await standing(bundles), await what_was_said(bundles)
    types = sorted(SAMPLES)
    for seed in (1, 2):
        random.Random(seed).shuffle(types)
        interop = await service_harness("interop")
        key = await opened(interop)
        for kind in types[:-1]:
            answer = await send_file(interop, key, ndjson(SAMPLES[kind]), MORE)
            assert issues(answer) == []
        assert await interop.published_all() == []
        await send_file(interop, key, ndjson(SAMPLES[types[-1]]), LAST)
        assert await what_was_said(interop) == events, types
        assert same(await standing(interop), expected), types


async def test_references_to_the_exported_server_are_by_type_and_id(
    interop: Harness, key: str
) -> None:
    lines = ndjson([CLAIM, CONDITION, ENCOUNTER, PATIENT])
    own = lines.replace(b'"reference": "', b'"reference": "https://ehr.example/fhir/R4/')
    answer = await send_file(interop, key, own, LAST)
    assert issues(answer) == []
    assert [one.type for one in await interop.published_all()] == [
        "interop.patient-registered.v1",
        "interop.encounter-posted.v1",
    ]


def same(found: dict[str, Any], expected: dict[str, Any]) -> bool:
    for name, rows in expected.items():
        assert found[name] == rows, name
    return True


async def test_what_refers_to_a_file_that_did_not_come_yet_waits_for_it(
    interop: Harness, key: str
) -> None:
    """Each file ends an import of its own: the claim first, its patient last."""
    first = await send_file(interop, key, ndjson([CLAIM, CONDITION]), LAST)
    assert issues(first) == [("line 2", "reference-unknown")]
    second = await send_file(interop, key, ndjson([ENCOUNTER]), LAST)
    assert issues(second) == [("line 1", "reference-unknown")] * len(issues(second))
    assert await interop.published_all() == []
    third = await send_file(interop, key, ndjson([PATIENT]), LAST)
    assert issues(third) == []
    assert counts(third) == {"lines": 1, "created": 1, "told": 2}
    assert [one.type for one in await interop.published_all()] == [
        "interop.patient-registered.v1",
        "interop.encounter-posted.v1",
    ]
    assert (await standing(interop))["untold"] == []


@pytest.mark.parametrize("how", ["PUT", "transaction"])
async def test_what_waits_is_told_also_when_its_patient_comes_in_another_way(
    interop: Harness, key: str, how: str
) -> None:
    await send_file(interop, key, ndjson([CLAIM, CONDITION, ENCOUNTER]), LAST)
    assert await interop.published_all() == []
    if how == "PUT":
        answer = await send(interop, key, "PUT", f"/Patient/{PATIENT['id']}", PATIENT)
    else:
        request = {"method": "PUT", "url": f"Patient/{PATIENT['id']}"}
        entry = {"resource": PATIENT, "request": request}
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
        answer = await send(interop, key, "POST", "", bundle)
    assert answer.status_code in (200, 201), answer.text
    await interop.fire_timers()
    assert [one.type for one in await interop.published_all()] == [
        "interop.patient-registered.v1",
        "interop.encounter-posted.v1",
    ]
