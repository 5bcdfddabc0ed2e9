"""Events that cannot be taken: a clear answer without the value, kept, and the next one flows."""

from __future__ import annotations

import json
from typing import Any

import pytest

from libs.events.examples import interop as examples
from tests.harness import Harness
from tests.interop.conftest import OpenConnection
from tests.interop.partners.test_events_in import (
    BATCH,
    ENCOUNTER,
    JSON,
    STRUCTURED,
    envelope,
    fates,
    post,
)

REGISTERED = envelope(examples.patient_registered())


def changed(path: str, value: Any) -> dict[str, Any]:
    """The good event with one value replaced, by its dotted path."""
    told: dict[str, Any] = json.loads(json.dumps(REGISTERED))
    *way, last = path.split(".")
    place = told
    for name in way:
        place = place[name]
    place[last] = value
    return told


@pytest.mark.parametrize(
    ("body", "code", "where"),
    [
        (b"", "not-json", "event"),
        (b"{", "not-json", "event"),
        (b"[]", "not-an-event", "event"),
        (b"\xff\xfe", "not-json", "event"),
        (b"[" * 100_000, "too-deep", "event"),
        (b'{"id": NaN}', "not-json", "JSON"),
        (b'{"id": "1", "id": "2"}', "duplicate-name", "JSON"),
        (b'{"id": "\\u0000"}', "nul-character", "event"),
        (changed("specversion", "0.3"), "unknown-specversion", "specversion"),
        (changed("id", ""), "missing-attribute", "id"),
        (changed("id", 7), "missing-attribute", "id"),
        (changed("source", "two words"), "missing-attribute", "source"),
        (changed("data.person.sex", "X"), "value-not-accepted", "data.person.sex"),
        (changed("data.person.family", "x" * 201), "value-not-accepted", "data.person.family"),
        (changed("data.extra", 1), "value-not-accepted", "data.extra"),
        (changed("data.mrn", 17), "value-not-accepted", "data.mrn"),
        (changed("data", []), "value-not-accepted", "data"),
    ],
)
async def test_what_is_wrong_is_named_kept_and_the_next_one_flows(
    interop: Harness, open_connection: OpenConnection, body: Any, code: str, where: str
) -> None:
    key = await open_connection()
    answer = await post(interop, key, body)
    assert answer.status_code == 422, answer.text
    assert [(r["code"], r["where"]) for r in answer.json()["refusals"]] == [(code, where)]
    assert await fates(interop) == ["refused"]
    assert (await post(interop, key, REGISTERED)).status_code == 202


async def test_a_refusal_never_repeats_what_was_sent(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection()
    answer = await post(interop, key, changed("data.person.birth_on", "SECRETVALUE"))
    async with interop.http(examples.PRACTICE) as client:
        listed = await client.get("/messages")
    assert answer.status_code == 422
    assert "SECRETVALUE" not in answer.text + listed.text
    assert "Rivera" not in answer.text + listed.text


async def test_an_encounter_whose_lines_point_nowhere_is_refused(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection()
    await post(interop, key, REGISTERED)
    line = examples.line(diagnosis_pointers=(2,))
    answer = await post(
        interop,
        key,
        envelope(examples.encounter_posted(source="cloudevents", lines=(line,)), event_id="2"),
    )
    assert answer.json()["refusals"][0]["code"] == "pointer-without-diagnosis"


async def test_an_appointment_must_be_on_the_day_that_it_starts(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection(time_zone="Asia/Tokyo")
    await post(interop, key, REGISTERED)
    wrong = examples.appointment_booked()  # 14:30 UTC is 23:30 in Tokyo: the 5th, as it says
    late = examples.appointment_booked(starts_at=wrong.starts_at.replace(hour=16))
    answer = await post(interop, key, envelope(late, event_id="2"))
    assert answer.json()["refusals"][0]["code"] == "day-mismatch"
    assert (await post(interop, key, envelope(wrong, event_id="3"))).status_code == 202


async def test_a_claim_to_another_source_is_refused(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection()
    await post(interop, key, REGISTERED)
    answer = await post(interop, key, envelope(examples.encounter_posted(), event_id="2"))
    assert answer.json()["refusals"][0]["code"] == "wrong-source"


async def test_other_content_types_and_sizes_are_refused_before_they_are_read(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection()
    text = await post(interop, key, b"hello", content_type="text/plain")
    bare = await post(interop, key, REGISTERED["data"], content_type=JSON)
    large = await post(interop, key, b" " * (1024 * 1024 + 1), content_type=STRUCTURED)
    many = await post(interop, key, [REGISTERED] * 501, content_type=BATCH)
    codes = [a.status_code for a in (text, bare, large, many)]
    assert codes == [415, 415, 413, 413]


async def test_a_refused_event_may_be_sent_again_once_its_cause_is_gone(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection()
    told = envelope(ENCOUNTER, event_id="encounter")
    assert (await post(interop, key, told)).status_code == 422
    await post(interop, key, REGISTERED)
    assert (await post(interop, key, told)).status_code == 202
    assert await fates(interop) == ["accepted", "accepted", "refused"]
