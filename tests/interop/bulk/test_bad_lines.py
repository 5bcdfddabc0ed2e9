"""A bad line is refused by itself, with its number; it stops nothing that comes after it."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from libs.events.contracts.interop import EncounterPosted, PatientRegistered, PatientUpdated
from libs.events.examples import interop as examples
from services.interop.bulk import lines as reading
from tests.harness import Harness
from tests.interop.bulk.exporting import (
    ENCOUNTER,
    EVER,
    NDJSON,
    counts,
    issues,
    ndjson,
    send_file,
)
from tests.interop.conftest import OpenConnection
from tests.interop.fhir.asking import PROFILE, codes, send
from tests.interop.fhir.test_bad_bundles import CLAIM, CONDITION, PATIENT

LAST = f"?visitsFrom={EVER}"
GOOD = [PATIENT, ENCOUNTER, CONDITION, CLAIM]


def line(one: dict[str, Any]) -> bytes:
    return json.dumps(one).encode()


BAD = {
    "not JSON": (b"{", "not-json"),
    "not UTF-8": (b'{"resourceType": "Patient", "id": "\xff"}', "not-json"),
    "cut off": (line(PATIENT)[:-2], "not-json"),
    "two on a line": (line(PATIENT) + line(PATIENT), "not-json"),
    "a name twice": (b'{"resourceType": "Patient", "id": "a", "id": "b"}', "duplicate-name"),
    "a list": (b"[1]", "resource-missing"),
    "of no type": (b'{"id": "a"}', "resource-missing"),
    "of a type of no release": (b'{"resourceType": "Prescription", "id": "a"}', "type-unknown"),
    "a bundle": (b'{"resourceType": "Bundle", "type": "batch"}', "nested-bundle"),
    "without an id": (line({k: v for k, v in PATIENT.items() if k != "id"}), "id-missing"),
    "with a wrong value": (line(PATIENT | {"id": "p9", "gender": "x"}), "code-unknown"),
    "referring by urn": (
        line(CONDITION | {"id": "c9", "subject": {"reference": "urn:uuid:" + "1" * 8}}),
        "reference-form",
    ),
    "referring by a condition": (
        line(CLAIM | {"id": "c9", "patient": {"reference": "Patient?identifier=1"}}),
        "reference-form",
    ),
}


@pytest.mark.parametrize("kind", BAD)
async def test_a_bad_line_is_refused_by_itself(interop: Harness, key: str, kind: str) -> None:
    bad, code = BAD[kind]
    content = line(PATIENT) + b"\n" + bad + b"\n" + ndjson(GOOD[1:])
    answer = await send_file(interop, key, content, LAST)
    assert issues(answer) == [("line 2", code)]
    assert counts(answer) == {"lines": 5, "created": 4, "refused": 1, "told": 2}
    assert len(await interop.published(EncounterPosted)) == 1
    async with interop.http(examples.PRACTICE) as client:
        [refused] = (await client.get("/messages", params={"fate": "refused"})).json()
    assert [one["code"] for one in refused["refusals"]] == [code]
    assert refused["bytes"] == len(bad)


async def test_a_line_that_is_too_long_is_refused_and_never_held(
    interop: Harness, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "LONGEST_LINE", 2_000)
    long = line(PATIENT | {"id": "p2", "language": "x" * 3_000})
    answer = await send_file(interop, key, long + b"\n" + line(PATIENT), LAST)
    assert issues(answer) == [("line 1", "too-long")]
    assert counts(answer) == {"lines": 2, "created": 1, "refused": 1, "told": 1}


async def test_a_byte_order_mark_cr_lf_blank_lines_and_a_missing_end_are_no_matter(
    interop: Harness, key: str
) -> None:
    content = b"\xef\xbb\xbf" + b"\r\n\r\n  \n".join(map(line, GOOD[:3])) + b"\n" + b"{\r\n"
    answer = await send_file(interop, key, content + line(CLAIM), LAST)
    assert issues(answer) == [("line 8", "not-json")], "blank lines are counted, too"
    assert counts(answer) == {"lines": 5, "created": 4, "refused": 1, "told": 2}


async def test_a_type_that_is_not_kept_is_passed_over(interop: Harness, key: str) -> None:
    other = {"resourceType": "Observation", "id": "o1", "status": "final"}
    answer = await send_file(interop, key, ndjson([other, PATIENT, other]), LAST)
    assert counts(answer) == {"lines": 3, "created": 1, "passedOver": 2, "told": 1}
    assert issues(answer) == []


async def test_of_a_resource_that_comes_twice_the_later_line_counts(
    interop: Harness, key: str
) -> None:
    married = PATIENT | {"name": [{"family": "Cruz", "given": ["Alma"]}]}
    answer = await send_file(interop, key, ndjson([PATIENT, PATIENT, married]), LAST)
    assert counts(answer) == {"lines": 3, "created": 1, "unchanged": 1, "updated": 1, "told": 1}
    [registered] = await interop.published(PatientRegistered)
    assert registered.person.family == "Cruz"
    assert await interop.published(PatientUpdated) == []


async def test_the_same_file_again_does_nothing_and_an_older_one_does_what_it_says(
    interop: Harness, key: str
) -> None:
    married = PATIENT | {"name": [{"family": "Cruz", "given": ["Alma"]}]}
    await send_file(interop, key, ndjson([PATIENT]), LAST)
    again = await send_file(interop, key, ndjson([PATIENT]), LAST)
    assert counts(again) == {"lines": 1, "unchanged": 1}
    for one in (married, PATIENT):
        answer = await send_file(interop, key, ndjson([one]), LAST)
        assert counts(answer) == {"lines": 1, "updated": 1, "told": 1}
    assert [one.person.family for one in await interop.published(PatientUpdated)] == [
        "Cruz",
        "Rivera",
    ]


async def test_a_file_that_is_wrong_all_over_is_told_of_in_part_and_counted_whole(
    interop: Harness, key: str
) -> None:
    answer = await send_file(interop, key, b"{\n" * 1_200, LAST)
    assert counts(answer) == {"lines": 1_200, "refused": 1_200}
    assert len(issues(answer)) == 100
    async with interop.uow(examples.PRACTICE) as uow:
        assert await uow.db.fetchval("SELECT count(*) FROM message WHERE fate = 'refused'") == 1_000


async def test_what_is_refused_for_its_profile_is_taken_again_once_that_is_mended(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection(kind="fhir", profile=PROFILE | {"payers": {}})
    first = await send_file(interop, key, ndjson(GOOD), LAST)
    assert issues(first) == [("line 4", "payer-unknown")]
    assert counts(first)["refused"] == 1
    async with interop.http(examples.PRACTICE) as client:
        [connection] = (await client.get("/connections")).json()
        path = f"/connections/{connection['connection_id']}/profile"
        mended = await client.put(path, json=PROFILE | {"no_coverage_is_self_pay": True})
        assert mended.status_code == 200, mended.text
    second = await send_file(interop, key, ndjson([CLAIM]), LAST)
    assert counts(second) == {"lines": 1, "unchanged": 1, "told": 1}
    assert len(await interop.published(EncounterPosted)) == 1


async def test_a_visit_of_a_refused_patient_waits_for_the_patient(
    interop: Harness, key: str
) -> None:
    nobody = {k: v for k, v in PATIENT.items() if k != "identifier"}
    first = await send_file(interop, key, ndjson([nobody, *GOOD[1:]]), LAST)
    assert [code for _, code in issues(first)] == ["chart-number-missing"] * 2
    assert await interop.published_all() == []
    again = await send(interop, key, "PUT", f"/Claim/{CLAIM['id']}", CLAIM)
    assert again.status_code == 422, "nobody knows whose visit it is"
    second = await send_file(interop, key, ndjson([PATIENT]), LAST)
    assert counts(second) == {"lines": 1, "updated": 1, "told": 2}
    assert len(await interop.published(EncounterPosted)) == 1


async def test_a_visit_waits_for_its_patient_whom_a_coverage_had_refused(
    interop: Harness, key: str
) -> None:
    coverage = {
        "resourceType": "Coverage",
        "id": "v1",
        "status": "active",
        "beneficiary": {"reference": "Patient/p1"},
        "payor": [{"display": "Nobody knows"}],
    }
    first = await send_file(interop, key, ndjson([*GOOD, coverage]), LAST)
    assert issues(first) == [("line 5", "payer-unknown"), ("line 4", "patient-unknown")]
    again = await send(interop, key, "PUT", f"/Claim/{CLAIM['id']}", CLAIM)
    assert codes(again) == ["payer-unknown"]
    assert await interop.published_all() == []
    known = coverage | {"payor": [{"display": "Acme"}]}
    second = await send_file(interop, key, ndjson([known]), LAST)
    assert counts(second) == {"lines": 1, "updated": 1, "told": 2}
    assert len(await interop.published(EncounterPosted)) == 1


async def test_a_compressed_file_is_taken_also_in_several_members(
    interop: Harness, key: str
) -> None:
    whole = ndjson(GOOD)
    content = gzip.compress(whole[:700]) + gzip.compress(whole[700:])
    answer = await send_file(interop, key, content, LAST, content_encoding="gzip")
    assert counts(answer) == {"lines": 4, "created": 4, "told": 2}


@pytest.mark.parametrize(
    ("content", "encoding", "status", "code"),
    [
        (gzip.compress(ndjson(GOOD))[:-9], "gzip", 422, "not-gzip"),
        (ndjson(GOOD), "gzip", 422, "not-gzip"),
        (gzip.compress(b"\n" * 40_000_000), "gzip", 422, "too-costly"),
        (ndjson(GOOD), "br", 415, "not-supported"),
    ],
    ids=["cut off", "not gzip", "a bomb", "brotli"],
)
async def test_a_body_that_cannot_be_opened_is_refused(
    interop: Harness, key: str, content: bytes, encoding: str, status: int, code: str
) -> None:
    answer = await send_file(interop, key, content, LAST, content_encoding=encoding)
    assert (answer.status_code, codes(answer)) == (status, [code])


async def test_only_ndjson_over_a_live_fhir_connection_is_taken(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection(kind="fhir", name="live")
    wrong = await send_file(interop, key, b"", content_type="application/fhir+json")
    assert (wrong.status_code, codes(wrong)) == (415, ["not-supported"])
    testing = await open_connection(kind="fhir", name="testing", state="testing")
    rehearsal = await send_file(interop, testing, ndjson(GOOD))
    assert (rehearsal.status_code, codes(rehearsal)) == (403, ["connection-testing"])
    events = await open_connection(kind="cloudevents", name="partner")
    assert (await send_file(interop, events, b"")).status_code == 401
    assert (await send_file(interop, key, b"")).status_code == 200
    async with interop.http(key=key) as client:
        answer = await client.post("/fhir/$import", headers=NDJSON, content=b"\n\n")
    assert counts(answer) == {}
