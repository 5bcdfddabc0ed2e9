"""FHIR transactions of visits alone, from bytes to what they tell: every resource of them is taken.

Each size is read in a process of its own, so that its memory is its own. No database takes part.
"""

from __future__ import annotations

import copy
import json
import resource
import sys
import time
from typing import Any

from libs.events.transport.runtime import settle_memory
from services.interop.fhir.request import read_bundle
from services.interop.fhir.versions import Known, decide_request
from tests.bench.child import measured
from tests.databases import Databases
from tests.interop.fhir.reading import connection
from tests.interop.fhir.test_bad_bundles import CLAIM, CONDITION, ENCOUNTER, PATIENT

SIZES = (1, 40)
"""Megabytes; the second is nearly as many entries as are taken."""


async def measure_checking(_databases: Databases, _kafka: str) -> dict[str, float]:
    """Megabytes a second of processor time; the large body's price and memory."""
    small, large = [await measured("checking", str(size)) for size in SIZES]
    return {
        "fhir_mb_per_cpu_second": small["checked"],
        "fhir_told_mb_per_cpu_second": small["told"],
        "fhir_price_at_40_mb": small["checked"] / large["checked"],
        "fhir_peak_over_body": large["peak"],
    }


def visits_of(size: int) -> bytes:
    """A transaction of a patient and so many visits that it has `size` megabytes."""
    rows: list[bytes] = [_row(PATIENT)]
    left = size * 1_000_000
    while left > 0:
        rows += [_row(one) for one in _visit(len(rows))]
        left -= sum(len(row) + 1 for row in rows[-3:])
    return b'{"resourceType":"Bundle","type":"transaction","entry":[' + b",".join(rows) + b"]}"


def _visit(number: int) -> list[dict[str, Any]]:
    visit, condition, claim = copy.deepcopy([ENCOUNTER, CONDITION, CLAIM])
    for one in (visit, condition, claim):
        one["id"] = f"{one['id']}-{number}"
    condition["encounter"]["reference"] = f"Encounter/{visit['id']}"
    claim["diagnosis"][0]["diagnosisReference"]["reference"] = f"Condition/{condition['id']}"
    claim["item"][0]["encounter"][0]["reference"] = f"Encounter/{visit['id']}"
    return [visit, condition, claim]


def _row(one: dict[str, Any]) -> bytes:
    request = {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"}
    return json.dumps({"resource": one, "request": request}, separators=(",", ":")).encode()


def _measure(size: int) -> dict[str, float]:
    over = connection()
    decide_request(read_bundle(visits_of(1), over), Known({}, (), {}), over)  # tables are made
    settle_memory()
    body = visits_of(size)
    before, began = _resident(), time.process_time()
    request = read_bundle(body, over)
    checked = time.process_time()
    decided = decide_request(request, Known({}, (), {}), over)
    told = time.process_time()
    assert len(decided.told) > size
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    megabytes = len(body) / 1_000_000
    return {
        "checked": megabytes / (checked - began),
        "told": megabytes / (told - began),
        "peak": (peak - before) / len(body),
    }


def _resident() -> int:
    with open("/proc/self/statm") as told:
        return int(told.read().split()[1]) * resource.getpagesize()


if __name__ == "__main__":
    print(json.dumps(_measure(int(sys.argv[1]))))
