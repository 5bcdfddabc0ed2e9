"""What the documents tell people to type works: each snippet is run against the live platform."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from libs.local.run.platform import LocalPlatform
from libs.local.run.seed import Door
from tests.transport.platform import eventually

pytestmark = pytest.mark.journey

ROOT = Path(__file__).parents[2]


def snippets(document: str, language: str) -> list[str]:
    """The fenced blocks of a language."""
    text = (ROOT / document).read_text()
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def environment(live: LocalPlatform) -> dict[str, str]:
    return {
        **os.environ,
        "MAINSTAY_HOME": str(live.home),
        "MAINSTAY_PLATFORM": str(live.home / "platform.json"),
    }


@pytest.mark.timeout(300)  # each command has its own limit; on a busy machine all take minutes
@pytest.mark.parametrize("document", ["README.md", "libs/events/README.md"])
def test_every_shell_command_of_the_page_runs(
    live: LocalPlatform, doors: list[Door], document: str
) -> None:
    lines = [line for block in snippets(document, "sh") for line in block.splitlines() if line]
    assert lines
    for line in lines:
        done = subprocess.run(
            ["sh", "-c", line], env=environment(live), cwd=ROOT, capture_output=True, timeout=60
        )
        assert done.returncode == 0, f"{line}: {done.stderr.decode()}"
        assert done.stdout.strip(), f"{line} says something"


async def test_every_python_program_of_the_integrators_page_runs(
    live: LocalPlatform, doors: list[Door]
) -> None:
    imported, told, created, posted, ingested, read, opened = [
        run_python(program, live) for program in snippets("docs/integrators.md", "python")
    ]
    assert imported.strip() == "1 1 1 0"
    assert told.split() == ["handshake", "searchset"]
    assert created.split() == ["system/Patient.cru", "Patient", "1"]
    assert posted.strip() == "202"
    assert read.startswith("agreements.practice-onboarded.v1 0001-")
    assert re.fullmatch(r"opened \S.* where stood A256GCM\n", opened)
    written, event_id = ingested.split()
    assert written == "written"

    async def taken() -> bool:
        practice = str(doors[0].practice.practice_id)
        query = {"control_id": f"/our-ehr/registration {event_id}"}
        async with live.client("interop", practice) as client:
            listed: list[dict[str, str]] = (await client.get("/messages", params=query)).json()
        return [one["fate"] for one in listed] == ["accepted"]

    await eventually(taken)


def run_python(program: str, live: LocalPlatform) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment(live), cwd=ROOT,
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_command_that_asks_for_refused_events_answers(
    live: LocalPlatform, doors: list[Door]
) -> None:
    [command] = [s for s in snippets("docs/integrators.md", "sh") if "$OPERATOR_KEY" in s]
    exported = {
        "OPERATOR_KEY": live.operator_key,
        "PRACTICE_ID": str(doors[0].practice.practice_id),
        "INTEROP_URL": live.url("interop"),
    }
    done = subprocess.run(
        ["sh", "-c", command], env=environment(live) | exported, capture_output=True, timeout=60
    )
    assert done.returncode == 0
    assert isinstance(json.loads(done.stdout), list)


async def test_the_commands_that_put_a_profile_in_force_and_take_messages_again_run(
    live: LocalPlatform, doors: list[Door]
) -> None:
    practice, connection_id = str(doors[0].practice.practice_id), str(uuid4())
    opened = {
        "connection_id": connection_id,
        "kind": "hl7v2",
        "source_system": "guide",
        "sending_application": "ATHENANET",
        "sending_facility": "99001",
        "time_zone": "America/New_York",
        "state": "testing",
    }
    async with live.client("interop", practice) as client:
        assert (await client.post("/connections", json=opened)).status_code == 201
    exported = {
        "OPERATOR_KEY": live.operator_key,
        "PRACTICE_ID": practice,
        "CONNECTION_ID": connection_id,
        "INTEROP_URL": live.url("interop"),
    }
    commands = [s for s in snippets("docs/ehr/README.md", "sh") if "$OPERATOR_KEY" in s]
    put, again = [run_shell(command, environment(live) | exported) for command in commands]
    assert json.loads(put)["version"] == 2
    assert json.loads(put)["profile"]["appointment_statuses"] == {"NOSHOW": "missed"}
    assert json.loads(again) == []


def run_shell(command: str, variables: dict[str, str]) -> bytes:
    done = subprocess.run(
        ["sh", "-c", command], env=variables, cwd=ROOT, capture_output=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_documents_link_to_files_that_are_there() -> None:
    documents = [
        ROOT / "README.md",
        ROOT / "ARCHITECTURE.md",
        *sorted((ROOT / "docs").glob("*.md")),
        *sorted((ROOT / "examples").glob("*/README.md")),
        *sorted((ROOT / "libs").glob("*/README.md")),
    ]
    for document in documents:
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name} → {target}"
