"""A roll-out's steps are ticked when they are really done; going live is one of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4, uuid5

import httpx
import pytest

from libs.events.contracts.interop import PatientRegistered
from libs.events.examples import interop as examples
from services.interop.connections.model import Profile
from tests.harness import Harness
from tests.interop.conftest import OTHER_PRACTICE, OpenConnection
from tests.interop.health.sending import CONNECTION, order, send, shown

PROJECT = uuid5(examples.NAMESPACE, "project")
TYPE = "interop.patient-registered.v1"
INTERFACE = (
    "network", "credentials", "test-messages", "mapping-sign-off", "go-live", "hypercare",
)  # fmt: skip
ROLL_OUT = ("configuration", "staff-training", "go-live", "hypercare")


def plan(*steps: str, **changes: Any) -> dict[str, Any]:
    """An interface's project, or another's by its steps."""
    planned = [
        {"step": step, "owner": "integration desk", "due_on": f"2026-03-{day:02d}"}
        for day, step in enumerate(steps or INTERFACE, 1)
    ]
    of_interface = {"connection_id": str(CONNECTION), "message_types": [TYPE]}
    return {
        "project_id": str(PROJECT), "name": "North clinic's EHR", "steps": planned,
        **({"kind": "interface", **of_interface} if not steps else {}), **changes,
    }  # fmt: skip


async def ask(interop: Harness, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
    async with interop.http(examples.PRACTICE) as client:
        return await client.post(path, json=body or {})


async def tick(interop: Harness, step: str, **told: Any) -> httpx.Response:
    return await ask(interop, f"/projects/{PROJECT}/steps/{step}/complete", told)


async def sign(interop: Harness, **told: Any) -> httpx.Response:
    version = (await shown(interop))["profile_version"]
    signed = {"signed_by": "Ada Okafor", "profile_version": version, **told}
    return await tick(interop, "mapping-sign-off", **signed)


def done(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [step["step"] for step in answer.json()["steps"] if step["done_at"]]


@pytest.fixture
async def key(interop: Harness, open_connection: OpenConnection) -> str:
    """Of a connection in testing that a project brings up."""
    made = await open_connection(state="testing")
    assert (await ask(interop, "/projects", plan())).status_code == 201
    return made


async def test_an_interface_goes_from_its_network_to_the_end_of_hypercare(
    interop: Harness, key: str
) -> None:
    await tick(interop, "network")
    await tick(interop, "credentials")
    await send(interop, key)
    await tick(interop, "test-messages")
    await sign(interop)
    live = await tick(interop, "go-live")
    assert done(live) == list(INTERFACE[:5])
    assert (await shown(interop))["state"] == "live"
    assert await interop.published(PatientRegistered) == []
    await send(interop, key)
    assert len(await interop.published(PatientRegistered)) == 1
    ended = (await tick(interop, "hypercare")).json()
    assert ended["completed_at"] == "2026-03-02T12:00:00Z"
    assert {step["done_by"] for step in ended["steps"]} == {"operator"}


async def test_test_messages_are_done_when_one_of_each_type_was_understood(
    interop: Harness, key: str
) -> None:
    await send(interop, key, wrong=True)
    early = await tick(interop, "test-messages")
    assert early.status_code == 409
    assert TYPE in early.text
    await send(interop, key)
    assert done(await tick(interop, "test-messages")) == ["test-messages"]


async def test_a_sign_off_names_its_signer_and_the_profile_as_it_is(
    interop: Harness, key: str
) -> None:
    unsigned = await tick(interop, "mapping-sign-off")
    stale = await sign(interop, profile_version="0" * 12)
    assert (unsigned.status_code, stale.status_code) == (409, 409)
    signed = (await sign(interop)).json()["steps"][3]
    assert signed["signed_by"] == "Ada Okafor"
    assert signed["profile_version"] == (await shown(interop))["profile_version"]
    async with interop.uow(examples.PRACTICE) as uow:
        rows = await uow.db.fetch("SELECT s::text AS kept FROM project_step s")
    assert "Okafor" not in str([row["kept"] for row in rows]), "the name is kept sealed"


async def test_going_live_asks_for_every_step_before_it(interop: Harness, key: str) -> None:
    early = await tick(interop, "go-live")
    assert early.status_code == 409
    assert ", ".join(INTERFACE[:4]) in early.text
    assert (await tick(interop, "hypercare")).status_code == 409
    directly = await order(interop, "go-live")
    assert directly.status_code == 409
    assert "project" in directly.text
    assert (await shown(interop))["state"] == "testing"


async def test_a_profile_that_changed_is_signed_again_before_it_goes_live(
    interop: Harness, key: str
) -> None:
    await send(interop, key)
    for step in INTERFACE[:3]:
        await tick(interop, step)
    await sign(interop)
    profile = Profile(default_place_of_service="22").model_dump_json()
    async with interop.uow(examples.PRACTICE) as uow:
        await uow.db.execute("UPDATE connection SET profile = $1::text::jsonb", profile)
    refused = await tick(interop, "go-live")
    assert refused.status_code == 409
    assert "after it was signed" in refused.text
    await sign(interop)
    assert (await tick(interop, "go-live")).status_code == 200
    assert (await sign(interop, profile_version="0" * 12)).status_code == 409


async def test_hypercare_does_not_end_with_a_connection_that_is_down(
    interop: Harness, key: str
) -> None:
    await send(interop, key)
    for step in INTERFACE[:3]:
        await tick(interop, step)
    await sign(interop)
    await tick(interop, "go-live")
    await order(interop, "suspend")
    assert (await tick(interop, "hypercare")).status_code == 409
    await order(interop, "go-live")
    assert (await tick(interop, "hypercare")).status_code == 200


async def test_a_step_again_changes_nothing(interop: Harness, key: str) -> None:
    first = await tick(interop, "network")
    interop.clock.move_to(interop.clock.now().replace(hour=18))
    assert (await tick(interop, "network")).json() == first.json()


async def test_an_open_step_is_late_after_its_day(interop: Harness, key: str) -> None:
    await tick(interop, "network")
    interop.clock.move_to(interop.clock.now().replace(day=4))
    async with interop.http(examples.PRACTICE) as client:
        [project] = (await client.get("/projects", params={"open_only": True})).json()
    late = [step["step"] for step in project["steps"] if step["is_late"]]
    assert late == ["credentials", "test-messages"]


@pytest.mark.parametrize(
    "wrong",
    [
        plan("network"),
        plan(*INTERFACE, kind="interface"),
        plan(*INTERFACE, "network", kind="interface", message_types=[TYPE]),
        plan(*ROLL_OUT, kind="portal", connection_id=str(CONNECTION)),
        plan(connection_id=str(uuid4())),
        plan(message_types=[]),
    ],
)
async def test_a_project_that_cannot_be_is_refused(
    interop: Harness, open_connection: OpenConnection, wrong: dict[str, Any]
) -> None:
    await open_connection(state="testing")
    assert (await ask(interop, "/projects", wrong)).status_code == 422


async def test_a_project_again_answers_the_same_and_another_under_its_id_is_refused(
    interop: Harness, key: str
) -> None:
    again = await ask(interop, "/projects", plan())
    other = await ask(interop, "/projects", plan(name="another"))
    assert (again.status_code, other.status_code) == (201, 409)


async def test_a_foreign_project_looks_like_a_missing_one(interop: Harness, key: str) -> None:
    async with interop.http(OTHER_PRACTICE) as client:
        foreign = await client.get(f"/projects/{PROJECT}")
        missing = await client.get(f"/projects/{uuid4()}")
        listed = (await client.get("/projects")).json()
    assert (foreign.status_code, foreign.json(), listed) == (404, missing.json(), [])


async def test_a_portals_use_is_told_and_its_share_is_of_the_patients_known_here(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection()
    for _ in range(3):
        await send(interop, key)
    await ask(interop, "/projects", plan(*ROLL_OUT, kind="portal"))
    told = await ask(interop, *_use(PROJECT, 2))
    [figures] = told.json()["adoption"]
    assert (figures["active_patients"], figures["patients"], figures["percent"]) == (2, 3, 67)
    assert (await ask(interop, *_use(PROJECT, 4))).status_code == 409


async def test_only_a_portals_use_is_told(interop: Harness) -> None:
    await ask(interop, "/projects", plan(*ROLL_OUT, kind="telehealth"))
    assert (await ask(interop, *_use(PROJECT, 0))).status_code == 409
    answers = [await tick(interop, step) for step in ROLL_OUT]
    assert answers[-1].json()["completed_at"] is not None


def _use(project: UUID, active: int) -> tuple[str, dict[str, Any]]:
    return f"/projects/{project}/adoption", {"as_of": "2026-03-01", "active_patients": active}
