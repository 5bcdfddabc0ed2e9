"""A field map is put in force, and what was refused for want of it is taken again."""

from __future__ import annotations

from typing import Any

from libs.events.contracts.interop import EncounterPosted
from services.interop.encounters.model import encounter_id_of
from tests.harness import Harness
from tests.interop.conftest import OpenConnection
from tests.interop.messages.test_inspecting import OPEN, asked, mend, send, the_message
from tests.interop.mllp.conftest import DG1, FT1, IN1, PID, PROFILE, message

NUMBERED_IN_50 = "PV1|1|O|||||1245319599^Okafor^Adaeze^^^^^^NPI^L^^^NPI" + "|" * 43 + "ALT7"
P03 = message("DFT^P03", PID, NUMBERED_IN_50, FT1, DG1, IN1)
FIELDS = {"visit_number": ["PV1-50", "PV1-19"]}


async def test_after_a_field_is_mapped_the_refused_visit_is_taken_and_its_story_names_the_field(
    interop: Harness, open_connection: OpenConnection
) -> None:
    await send(interop, await open_connection(**OPEN, profile=PROFILE), P03)
    message_id = await the_message(interop)
    shown = await asked(interop, "GET", f"/messages/{message_id}")
    assert [one["where"] for one in shown.json()["refusals"]] == ["PV1-19"]
    assert shown.json()["read_from"] == {}
    assert (await mend(interop, {**PROFILE, "fields": FIELDS})).json()["version"] == 2
    again = await asked(interop, "POST", f"/messages/{message_id}/reprocess")
    assert again.json()["fate"] == "accepted"
    [posted] = await interop.published(EncounterPosted)
    assert posted.encounter_id == encounter_id_of(posted.practice_id, "ehr", "ALT7")
    story = await asked(interop, "GET", f"/messages/{message_id}")
    assert story.json()["read_from"] == {"visit_number": "PV1-50"}
    assert "ALT7" not in story.text


async def test_a_mistake_in_a_field_map_is_told_when_the_profile_is_put_in_force(
    interop: Harness, open_connection: OpenConnection
) -> None:
    await open_connection(**OPEN, profile=PROFILE)
    refused = await mend(interop, {**PROFILE, "fields": {"visit_number": ["PV1-19", "PV150"]}})
    [wrong] = refused.json()["errors"]
    assert (refused.status_code, wrong["where"]) == (422, "body.fields.visit_number.1")
    assert "write a field as PV1-19" in wrong["what"]
    assert "PV150" not in refused.text


async def test_only_an_hl7_v2_connection_has_fields_to_map(
    interop: Harness, open_connection: OpenConnection
) -> None:
    await open_connection(kind="fhir")
    said: dict[str, Any]
    for said in (
        {"fields": FIELDS},
        {"sexes": {"Female": "F"}},
        {"appointment_statuses": {"NOSHOW": "missed"}},
    ):
        refused = await mend(interop, said)
        assert (refused.status_code, "hl7v2" in refused.text) == (422, True)
