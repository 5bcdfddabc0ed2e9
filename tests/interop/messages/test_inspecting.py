"""A kept message is shown as it was read, and taken again once its profile is mended."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx

from libs.events.contracts.interop import EncounterPosted, PatientRegistered
from libs.events.examples import interop as examples
from libs.events.transport.keys import NoKeys
from libs.service.operators import Operators, write_operators
from services.interop.mllp.answer import answer
from tests.harness import Harness
from tests.interop.conftest import OTHER_PRACTICE, OpenConnection
from tests.interop.mllp.conftest import DG1, FT1, IN1, PID, PROFILE, PV1, message

OPEN: dict[str, Any] = {
    "kind": "hl7v2",
    "sending_application": "EHR",
    "sending_facility": "MAIN",
}
A04 = message("ADT^A04", PID, IN1)
A08 = message("ADT^A08", PID.replace("12 Orchard", "7 Mill"), IN1, control_id="2")
P03 = message("DFT^P03", PID, PV1, FT1, DG1, IN1, control_id="3")


async def send(interop: Harness, key: str, *sent: str) -> None:
    for one in sent:
        await answer(one.replace("KEY", key).encode(), interop.work)


async def asked(
    interop: Harness, method: str, path: str, practice: UUID = examples.PRACTICE, **more: Any
) -> httpx.Response:
    async with interop.http(practice) as client:
        return await client.request(method, path, **more)


async def the_message(interop: Harness, control_id: str = "1") -> str:
    found = await asked(interop, "GET", f"/messages?control_id={control_id}")
    [kept] = found.json()
    return kept["message_id"]


async def connection_id_of(interop: Harness) -> str:
    return (await asked(interop, "GET", "/connections")).json()[0]["connection_id"]


async def mend(interop: Harness, profile: dict[str, Any] | None = None) -> httpx.Response:
    connection = await connection_id_of(interop)
    return await asked(
        interop, "PUT", f"/connections/{connection}/profile", json=profile or PROFILE
    )


async def test_a_message_is_shown_with_names_and_rows_and_events_but_no_value(
    interop: Harness, open_connection: OpenConnection
) -> None:
    await send(interop, await open_connection(**OPEN, profile=PROFILE), P03)
    shown = await asked(interop, "GET", f"/messages/{await the_message(interop, '3')}")
    story = shown.json()
    fields = {f["place"]: f["name"] for s in story["segments"] for f in s["fields"]}
    assert [s["segment"] for s in story["segments"]][:3] == ["MSH", "PID", "PV1"]
    assert (fields["PID-5"], fields["FT1-25"], fields["IN1-2"]) == ("name", "procedure", "plan")
    rows = {(r["of"], r["written"]): (r["mapped"], r["by_profile"]) for r in story["mapping"]}
    assert rows["payer", "BAV"] == ("BLUEADV (Blue Advantage)", True)
    assert rows["place of service", "O"] == ("11", True)
    assert rows["diagnosis", "Z00.00 (http://hl7.org/fhir/sid/icd-10-cm)"] == ("Z00.00", False)
    assert [e["event_type"] for e in story["events"]] == [
        "interop.patient-registered.v1",
        "interop.encounter-posted.v1",
    ]
    assert (story["profile_version"], story["raw"], story["accesses"]) == (1, None, [])
    assert not any(value in shown.text for value in ("Rivera", "1001", "Orchard", "BM4471"))


async def test_what_a_message_says_is_shown_for_a_reason_and_that_is_kept(
    interop: Harness, open_connection: OpenConnection
) -> None:
    await send(interop, await open_connection(**OPEN, profile=PROFILE), A04)
    path = f"/messages/{await the_message(interop)}"
    assert (await asked(interop, "GET", f"{path}?raw=true")).status_code == 422
    asking = {"raw": "true", "reason": "payer asks for the member"}
    story = (await asked(interop, "GET", path, params=asking)).json()
    assert story["raw"] == A04.replace("KEY", "")
    values = {f["place"]: f["value"] for s in story["segments"] for f in s["fields"]}
    assert values["PID-5"] == "Rivera^Alma"
    [kept] = (await asked(interop, "GET", path)).json()["accesses"]
    assert (kept["accessed_by"], kept["reason"]) == ("operator", asking["reason"])
    foreign = await asked(interop, "GET", path, OTHER_PRACTICE, params=asking)
    assert foreign.status_code == 404


async def test_a_viewer_is_shown_everything_but_what_a_message_says(
    interop: Harness, open_connection: OpenConnection, tmp_path: Path
) -> None:
    await send(interop, await open_connection(**OPEN, profile=PROFILE), A04)
    path = f"/messages/{await the_message(interop)}"
    write_operators(
        people := tmp_path / "people.json",
        [{"name": "viewer", "role": "viewer", "practices": None,
          "key_sha256": sha256(b"viewers-key").hexdigest()}],
    )  # fmt: skip
    interop.operators = Operators.load(people)
    async with interop.http(examples.PRACTICE, key="viewers-key") as client:
        assert (await client.get(path)).status_code == 200
        asking = {"raw": "true", "reason": "curiosity"}
        assert (await client.get(path, params=asking)).status_code == 403
        assert (await client.post(f"{path}/reprocess")).status_code == 403
        assert (await client.get(path)).json()["accesses"] == []


async def test_without_the_practices_key_the_rest_is_shown(
    interop: Harness, open_connection: OpenConnection
) -> None:
    await send(interop, await open_connection(**OPEN, profile=PROFILE), A04)
    path = f"/messages/{await the_message(interop)}"
    interop.work.keys = NoKeys()
    story = (await asked(interop, "GET", path)).json()
    assert (story["fate"], story["segments"], story["mapping"]) == ("accepted", [], [])
    asking = {"raw": "true", "reason": "an audit"}
    assert (await asked(interop, "GET", path, params=asking)).status_code == 503


async def test_after_its_profile_is_mended_a_refused_message_is_taken_again_once(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection(**OPEN)
    await send(interop, key, P03)
    message_id = await the_message(interop, "3")
    again = await asked(interop, "POST", f"/messages/{message_id}/reprocess")
    assert again.json()["fate"] == "refused"
    assert again.json()["refusals"][0]["code"] == "payer-unknown"
    assert (await mend(interop)).json()["version"] == 2
    for _ in range(2):
        taken = await asked(interop, "POST", f"/messages/{message_id}/reprocess")
        assert taken.json() == {"message_id": message_id, "fate": "accepted", "refusals": []}
    assert [type(event) for event in await interop.published_all()] == [
        PatientRegistered,
        EncounterPosted,
    ]
    await send(interop, key, P03)  # sent again by an EHR that knows nothing of this
    assert len(await interop.published_all()) == 2
    story = (await asked(interop, "GET", f"/messages/{message_id}")).json()
    assert (story["fate"], story["profile_version"], story["refusals"]) == ("accepted", 2, [])
    assert len(story["events"]) == 2


async def test_all_that_a_connection_refused_is_taken_again_in_its_order(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection(**OPEN)
    await send(interop, key, A04, A08, message("QRY^A19", PID, control_id="4"))
    await mend(interop)
    connection = await connection_id_of(interop)
    asking = {"fate": "refused", "connection_id": connection}
    done = await asked(interop, "POST", "/messages/reprocess", params=asking)
    assert sorted(one["fate"] for one in done.json()) == ["accepted", "accepted", "refused"]
    kinds = [event.type for event in await interop.published_all()]
    assert kinds == ["interop.patient-registered.v1", "interop.patient-updated.v1"]
    shown = (await asked(interop, "GET", f"/connections/{connection}")).json()
    assert (shown["received"], shown["refused"]) == (3, 3)


async def test_what_was_taken_or_came_again_is_not_taken_again(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection(**OPEN)
    await send(interop, key, A04)
    refused = await the_message(interop)
    await mend(interop)
    await send(interop, key, A04)
    fates = (await asked(interop, "GET", "/messages?control_id=1")).json()
    [taken] = [one["message_id"] for one in fates if one["fate"] == "accepted"]
    for message_id, said in ((refused, f"taken since, as {taken}"), (taken, "only a refused")):
        answered = await asked(interop, "POST", f"/messages/{message_id}/reprocess")
        assert answered.status_code == 409
        assert said in answer_title(answered)
    assert (await asked(interop, "POST", f"/messages/{uuid4()}/reprocess")).status_code == 404
    assert len(await interop.published_all()) == 1


def answer_title(answered: httpx.Response) -> str:
    return answered.json()["title"]


async def test_a_profile_keeps_its_versions_and_the_connection_opens_again_as_it_was(
    interop: Harness, open_connection: OpenConnection
) -> None:
    await open_connection(**OPEN)
    about = f"/connections/{await connection_id_of(interop)}"
    assert (await mend(interop)).json()["changed_by"] == "operator"
    assert (await mend(interop)).json()["version"] == 2  # the same again
    versions = (await asked(interop, "GET", f"{about}/profiles")).json()
    assert [(v["version"], v["changed_by"]) for v in versions] == [(1, None), (2, "operator")]
    for version, payers in ((1, set[str]()), (2, {"BAV"})):
        told = await asked(interop, "GET", f"{about}/profile", params={"version": version})
        assert set(told.json()["profile"]["payers"]) == payers
    assert (await asked(interop, "GET", f"{about}/profile")).json()["version"] == 2
    assert (await asked(interop, "GET", f"{about}/profile?version=3")).status_code == 404
    await open_connection(**OPEN)  # as whoever opened it does again


async def test_a_profile_that_is_none_is_refused_and_a_foreign_connection_is_not_there(
    interop: Harness, open_connection: OpenConnection
) -> None:
    await open_connection(**OPEN)
    wrong = await mend(interop, {"practitioners": {"1210": "1234567890"}})
    assert wrong.status_code == 422
    assert "check digit" in wrong.text
    about = f"/connections/{await connection_id_of(interop)}/profile"
    foreign = await asked(interop, "PUT", about, OTHER_PRACTICE, json={})
    assert foreign.status_code == 404
