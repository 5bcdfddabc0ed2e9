"""The examples for integrators do what they say, against the live platform."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from libs.local.run.platform import LocalPlatform
from libs.local.run.seed import Door
from tests.transport.platform import eventually

pytestmark = pytest.mark.journey

EXAMPLES = Path(__file__).parents[2] / "examples"
PUBLISHED = "interop.patient-registered.v1"
NEEDS_JAVA = pytest.mark.skipif(
    not (shutil.which("mvn") and shutil.which("javac")),
    reason="the examples in Java need a JDK (17 or later) and Maven, and this machine has not both",
)
HANDLED = re.compile(r"^[0-9]{4}-[0-9]{20} handled (\S+) (\S+)$", re.MULTILINE)


@pytest.fixture
def environment(live: LocalPlatform, doors: list[Door], tmp_path: Path) -> dict[str, str]:
    """What their READMEs export, and a place for their files."""
    keys = json.loads((live.home / "keys.json").read_text())
    return {
        **os.environ,
        "MAINSTAY_URL": keys["interop"],
        "MAINSTAY_KAFKA": keys["kafka"],
        "MAINSTAY_KEY": keys["practices"][0]["cloudevents_key"],
        "MAINSTAY_MLLP": f"127.0.0.1:{keys['mllp_port']}",
        "MAINSTAY_HL7_SENDER": keys["practices"][0]["hl7_sender"],
        "MAINSTAY_HL7_KEY": keys["practices"][0]["hl7_key"],
        "MAINSTAY_FHIR_KEY": keys["practices"][0]["fhir_key"],
        "STATE": str(tmp_path / "state"),
        "GROUP": f"example-{uuid4()}",
        "EVENT_ID": str(uuid4()),
        "PATIENT_ID": str(uuid4()),
    }


def run(command: Sequence[str | Path], folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=110
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


async def taken(live: LocalPlatform, doors: list[Door], event_id: str) -> list[str]:
    """The fates of the messages with this CloudEvents id, the latest first."""
    return await fates(live, doors, f"/our-ehr/registration {event_id}")


async def fates(live: LocalPlatform, doors: list[Door], control_id: str) -> list[str]:
    """The fates of the messages with this control id, the latest first."""
    practice = str(doors[0].practice.practice_id)
    query = {"control_id": control_id}
    async with live.client("interop", practice) as client:
        listed: list[dict[str, Any]] = (await client.get("/messages", params=query)).json()
    return [one["fate"] for one in listed]


async def test_curl_publishes_one_event_and_a_batch(
    live: LocalPlatform, doors: list[Door], environment: dict[str, str]
) -> None:
    folder = EXAMPLES / "curl"
    first = json.loads(run(["./event.sh"], folder, environment))
    again = json.loads(run(["./event.sh"], folder, environment))
    assert (first["fate"], again["fate"]) == ("accepted", "duplicate")
    assert again["message_id"] == first["message_id"]
    fresh = environment | {"PATIENT_ID": str(uuid4())}
    batch = json.loads(run(["./batch.sh"], folder, fresh))
    assert [one["fate"] for one in batch] == ["accepted", "accepted", "refused"]
    assert [r["code"] for r in batch[2]["refusals"]] == ["patient-unknown"]


def test_curl_sends_a_fhir_transaction(environment: dict[str, str]) -> None:
    chart = {"CHART_NUMBER": uuid4().hex}
    answers = [json.loads(run(["./fhir.sh"], EXAMPLES / "curl", environment | chart)) for _ in "12"]
    assert [one["type"] for one in answers] == ["transaction-response"] * 2


def acknowledged(text: str) -> list[str]:
    return re.findall(r"^(A[AER]) \S+$", text, re.MULTILINE)


async def test_python_sends_hl7_and_is_told_what_became_of_it(
    live: LocalPlatform, doors: list[Door], environment: dict[str, str]
) -> None:
    folder = EXAMPLES / "python-hl7"
    control_id = {"CONTROL_ID": uuid4().hex[:20]}
    for _ in range(2):
        assert acknowledged(run([sys.executable, "send.py"], folder, environment | control_id)) == [
            "AA"
        ]
    assert await fates(live, doors, control_id["CONTROL_ID"]) == ["duplicate", "accepted"]
    sample = EXAMPLES.parent / "samples" / "hl7v2" / "msfhir-ADT-A04-01.hl7"
    assert acknowledged(run([sys.executable, "send.py", sample], folder, environment)) == ["AA"]


@NEEDS_JAVA
@pytest.mark.timeout(300)
async def test_java_sends_hl7_and_fhir_with_hapi(
    live: LocalPlatform, doors: list[Door], environment: dict[str, str], tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(EXAMPLES / "java-ehr", tmp_path / "java-ehr"))
    run(["mvn", "-q", "-B", "package"], folder, environment)
    java = ["java", "-cp", "target/classes:target/lib/*"]
    ids = {"CONTROL_ID": uuid4().hex[:20], "CHART_NUMBER": uuid4().hex}
    for _ in range(2):
        assert acknowledged(run([*java, "example.SendHl7"], folder, environment | ids)) == ["AA"]
        assert "taken" in run([*java, "example.SendFhir"], folder, environment | ids)
    assert await fates(live, doors, ids["CONTROL_ID"]) == ["duplicate", "accepted"]


async def publishes_once_and_reads_once(
    live: LocalPlatform,
    doors: list[Door],
    environment: dict[str, str],
    publish: Sequence[str],
    read: Sequence[str],
    folder: Path,
) -> None:
    event_id, patient_id = run(publish, folder, environment).split()
    assert (event_id, patient_id) == (environment["EVENT_ID"], environment["PATIENT_ID"])
    run(publish, folder, environment)

    async def both_are_read() -> bool:
        return await taken(live, doors, event_id) == ["duplicate", "accepted"]

    await eventually(both_are_read, within_seconds=60)
    handled = HANDLED.findall(run(read, folder, environment))
    assert handled.count((PUBLISHED, patient_id)) == 1
    assert len(handled) == await patients(environment["MAINSTAY_KAFKA"])
    # Without the group's offsets everything comes again, and what is kept tells that it did.
    again = run(read, folder, environment | {"GROUP": f"example-{uuid4()}"})
    assert HANDLED.findall(again) == []
    assert again.count("seen before") == len(handled)


async def patients(kafka: str) -> int:
    """How many records the topic of the patients holds."""
    from aiokafka import AIOKafkaConsumer

    async with AIOKafkaConsumer("interop.patients", bootstrap_servers=kafka) as client:
        return sum((await client.end_offsets(client.assignment())).values())


@pytest.mark.parametrize("mode", ["binary", "structured"])
async def test_python_publishes_to_the_ingest_topic_and_reads_with_a_plain_client(
    live: LocalPlatform, doors: list[Door], environment: dict[str, str], mode: str
) -> None:
    flags = ["--structured"] if mode == "structured" else []
    publish = [sys.executable, "publish.py", *flags]
    read = [sys.executable, "read.py", "interop.patients", "3"]
    folder = EXAMPLES / "python-kafka"
    await publishes_once_and_reads_once(live, doors, environment, publish, read, folder)


@NEEDS_JAVA
@pytest.mark.timeout(300)
async def test_java_publishes_to_the_ingest_topic_and_reads_with_a_plain_client(
    live: LocalPlatform, doors: list[Door], environment: dict[str, str], tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(EXAMPLES / "java", tmp_path / "java"))
    run(["mvn", "-q", "-B", "package"], folder, environment)
    java = ["java", "-cp", "target/classes:target/lib/*"]
    publish = [*java, "example.Publish"]
    read = [*java, "example.Read", "interop.patients", "3"]
    await publishes_once_and_reads_once(live, doors, environment, publish, read, folder)


def test_the_examples_use_nothing_of_mainstays_code() -> None:
    programs = [p for kind in ("py", "java", "sh") for p in EXAMPLES.rglob(f"*.{kind}")]
    assert len(programs) >= 11
    for program in programs:
        assert not re.search(r"\b(libs|services)[./]", program.read_text()), program.name


async def test_the_services_answer_after_the_examples(live: LocalPlatform) -> None:
    """Nothing that they sent has stopped a consumer."""
    async with httpx.AsyncClient(base_url=live.url("interop")) as client:
        assert (await client.get("/readyz")).status_code == 200
