"""JSON by its fields: the paths that a standard has, values only where they are asked for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.interop.messages.fields import LARGEST_JSON_BYTES, MOST_FIELDS, fields_of
from tests.interop.fhir.test_bad_bundles import PATIENT, bundle


def shown(body: Any, *, values: bool = False) -> list[tuple[str, str, dict[str, str | None]]]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return [
        (one.segment, one.name, {field.place: field.value for field in one.fields})
        for one in fields_of(raw, "fhir", values=values)
    ]


def test_a_bundle_is_shown_by_its_resources() -> None:
    found = shown(bundle())
    assert [one[:2] for one in found] == [
        ("Bundle", ""), ("Patient", "entry[0]"), ("Encounter", "entry[1]"),
        ("Condition", "entry[2]"), ("Claim", "entry[3]"),
    ]  # fmt: skip
    assert found[1][2].keys() >= {"name[0].family", "name[0].given[0]", "identifier[0].value"}
    assert {value for one in found for value in one[2].values()} == {None}


def test_values_are_shown_as_they_were_written() -> None:
    [(_, _, decimals)] = shown(b'{"net": 178.10, "many": 1e2, "all": true}', values=True)
    assert decimals == {"net": "178.10", "many": "1e2", "all": "true"}
    [(kind, _, fields)] = shown(PATIENT, values=True)
    assert (kind, fields["name[0].family"], fields["birthDate"]) == (
        "Patient", '"Rivera"', '"1984-05-17"',
    )  # fmt: skip


def test_a_name_that_no_standard_has_may_be_a_value_and_is_not_shown() -> None:
    text = str(shown({"resourceType": "Alma Rivera", "1984-05-17": {"Alma Rivera": 1}}))
    assert "Rivera" not in text
    assert "1984" not in text
    assert "'….…'" in text


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_json_has_no_fields(raw: bytes) -> None:
    assert shown(raw) == []


def test_a_person_is_shown_no_more_than_they_can_read() -> None:
    found = shown({"resourceType": "Patient", "many": list(range(MOST_FIELDS + 7))})
    assert len(found[0][2]) == MOST_FIELDS
    body = {"resourceType": "Bundle", "entry": [{"resource": {"many": [1] * 1_500}}] * 9}
    assert shown(body)[-1][1] == "more is not shown"
    assert shown(b" " * (LARGEST_JSON_BYTES + 1))[0][1] == "too large to be shown by fields"
    [(_, _, deep)] = shown(b"[" * 900 + b"1" + b"]" * 900, values=True)
    assert list(deep.values()) == ["…"]
