"""The walk of check.py takes what the library's own models take, and refuses values as they do.

The models are too slow for every resource that comes; here they are asked about each of these.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as any_
from pydantic import ValidationError

from services.interop.fhir.check import check_resource
from services.interop.fhir.model import TAKEN
from services.interop.fhir.shapes import elements_of, model_of
from services.interop.fhir.strict import read_json
from services.interop.fhir.values import ACCEPTS
from services.interop.fhir.versions import write_json
from tests.interop.fhir.reading import PATIENTS
from tests.interop.fhir.test_bad_bundles import CLAIM, CONDITION, ENCOUNTER, PATIENT
from tests.interop.fhir.test_charges import CHARGE, COVERAGE
from tests.interop.fhir.test_r4 import types_within_all

EXTENSIONS = [
    {"url": "urn:x", f"value{name}": value}
    for name, value in {
        "Date": "2026-03-02", "DateTime": "2026-03", "Instant": "2026-03-02T15:04:05Z",
        "Time": "15:04:05", "Decimal": Decimal("1.50"), "Integer": -7, "PositiveInt": 7,
        "UnsignedInt": 0, "Oid": "urn:oid:1.2.3", "Uri": "urn:x", "Url": "https://x.example/a",
        "Canonical": "http://x.example/a|1", "Code": "a b", "Id": "a-1", "Markdown": "*a*",
        "Uuid": "c757873d-ec9a-4326-a141-556f43239520", "Base64Binary": "QUI=", "String": "a",
        "Boolean": True, "Period": {"start": "2026-03-02"}, "Quantity": {"value": 1},
    }.items()
]  # fmt: skip
APPOINTMENT: dict[str, Any] = {
    "resourceType": "Appointment",
    "id": "a1",
    "status": "booked",
    "start": "2026-03-06T15:00:00Z",
    "minutesDuration": 20,
    "participant": [{"actor": {"reference": "Patient/p1"}, "status": "accepted"}],
}
GOOD: list[dict[str, Any]] = [read_json(write_json(one), "X") for one in (
    PATIENT | {"extension": EXTENSIONS, "link": [{"other": {"display": "x"}, "type": "seealso"}]},
    ENCOUNTER, CONDITION | {"onsetDateTime": "2026"}, CLAIM, CHARGE, COVERAGE, APPOINTMENT,
)]  # fmt: skip
VALUES: list[Any] = [
    "2026-02-30", "2026-02-29", "2024-02-29", "2026", "2026-13", "2026-1", "0000", "0000-01-01",
    "2026-03-02T15:04:05Z", "2026-03-02T24:00:00Z", "2026-12-31T23:59:60Z", "2026-03-02T15:04:05",
    "2026-03-02T15:04Z", "2026-03-02T15:04:05.123456789+14:00", "2026-03-02T15:04:05+14:30",
    "2026-02-30T15:04:05Z", "2026-03-02 15:04:05Z", "2026-03-02\n", "2026-3-2", "15:04:05",
    "15:04", "24:00:00", "23:59:60.5", "x", "x y", "x  y", " x", "x\ty", "urn:oid:1.2",
    "urn:oid:3.1", "urn:oid:1.02", "c757873d-ec9a-4326-a141-556f43239520", "c757873d", "QUI=",
    "male", "booked", "https://x.example/", 0, 1, -1, 2**31 - 1, 2**31, -(2**31) - 1,
    Decimal("1.5"), Decimal("1E+3"), Decimal("-0.10"), True, False, None,
    {"value": 1}, {"extension": [{"url": "urn:x", "valueCode": "unknown"}]}, [{"text": "x"}], ["x"],
]  # fmt: skip
STRICTER = {"Canonical", "EncodedBytes", "Id", "Uri", "Url", "Xhtml"}
"""What the library takes more of: see values.py."""
AS_THE_LIBRARY = {"not-a-date", "not-a-time", "element-missing", "several-values"}


def library_takes(resource: dict[str, Any]) -> bool:
    model = model_of(resource["resourceType"])
    assert model is not None
    try:
        model.model_validate(resource)
    except ValidationError:
        return False
    return True


def compare(resource: dict[str, Any]) -> None:
    refusals = check_resource(resource, "X").refusals
    if not refusals:
        assert library_takes(resource), "taken here, and refused by the library"
    if {one.code for one in refusals} & AS_THE_LIBRARY:
        assert not library_takes(resource), [(one.code, one.where) for one in refusals]


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Of every member and element, but for the type."""
    rows = value.items() if isinstance(value, dict) else enumerate(value)
    for name, one in rows:
        if name != "resourceType":
            yield (*path, name)
            if isinstance(one, dict | list):
                yield from places(one, (*path, name))


ALL_PLACES = [(row, path) for row, one in enumerate(GOOD) for path in places(one)]


@pytest.mark.parametrize("resource", GOOD, ids=lambda one: one["resourceType"])
def test_what_these_tests_begin_with_is_right(resource: dict[str, Any]) -> None:
    assert check_resource(resource, "X").refusals == []
    assert library_takes(resource)


@settings(max_examples=1_500, deadline=None)
@given(any_.sampled_from(ALL_PLACES), any_.sampled_from(VALUES))
def test_a_value_is_taken_or_refused_as_by_the_library(
    place: tuple[int, tuple[str | int, ...]], value: Any
) -> None:
    compare(changed(*place, value))


@pytest.mark.parametrize("place", ALL_PLACES, ids=str)
def test_what_is_left_out_is_missed_as_by_the_library(
    place: tuple[int, tuple[str | int, ...]],
) -> None:
    compare(changed(*place))


def test_null_beside_a_value_of_a_choice_is_no_second_value() -> None:
    told = CONDITION | {"onsetDateTime": "2026", "onsetAge": None}
    assert [one.code for one in check_resource(told, "X").refusals] == ["json-type"]


@settings(max_examples=500, deadline=None)
@given(any_.sampled_from(GOOD), any_.data(), any_.sampled_from(VALUES))
def test_an_element_more_is_taken_or_refused_as_by_the_library(
    resource: dict[str, Any], data: Any, value: Any
) -> None:
    """So also a second value of a choice."""
    name = data.draw(any_.sampled_from(sorted(elements_of(resource["resourceType"]))))
    compare({**resource, name: value})


def changed(row: int, path: tuple[str | int, ...], *instead: Any) -> dict[str, Any]:
    found: Any = copy.deepcopy(GOOD[row])
    inner = found
    for step in path[:-1]:
        inner = inner[step]
    if instead:
        inner[path[-1]] = instead[0]
    else:
        del inner[path[-1]]
    return found


@pytest.mark.parametrize("kind", sorted(set(ACCEPTS) - STRICTER - {"Decimal", "bool"}))
def test_a_primitive_takes_what_the_librarys_type_takes(kind: str) -> None:
    """Whatever element of this kind there is, each value by itself."""
    extension = "Uuid" if kind == "UuidVersion" else kind
    accepts = ACCEPTS[kind]
    assert accepts is not None
    types: tuple[type, ...] = (int,) if "Int" in kind else (str,)
    for value in VALUES:
        if type(value) in types:
            whole = {"url": "urn:x", f"value{extension}": value}
            taken = library_takes(PATIENT | {"extension": [whole]})
            assert bool(accepts(value)) == taken, value


def test_the_samples_are_taken_by_both() -> None:
    compared = 0
    for path in PATIENTS[:1]:
        for entry in read_json(path.read_bytes(), "Bundle")["entry"]:
            if entry["resource"]["resourceType"] in TAKEN:
                assert check_resource(entry["resource"], "X").refusals == []
                assert library_takes(entry["resource"])
                compared += 1
    assert compared >= 20


def test_every_primitive_of_what_is_taken_has_its_rule() -> None:
    kinds = {e.kind for k in types_within_all() for e in elements_of(k).values() if not e.model}
    assert kinds == set(ACCEPTS)
