"""`mainstay hl7 inspect` and `mainstay fhir inspect`, as an integrator runs them: offline."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from libs.cli.app import app
from tests.interop.fhir.reading import PATIENTS, SAMPLES
from tests.interop.mllp.conftest import IN1, PID, PROFILE, message

ROOT = SAMPLES.parent
DFT = SAMPLES / "hl7v2" / "msfhir-DFT-P03-01.hl7"
S12, S26 = (SAMPLES / "hl7v2" / f"msfhir-SIU-{kind}-01.hl7" for kind in ("S12", "S26"))
POSTED = "interop.encounter-posted.v1"


def mainstay(*arguments: str | Path) -> Result:
    environment: dict[str, str | None] = {"COLUMNS": "300", "MAINSTAY_PLATFORM": "/nowhere"}
    return CliRunner().invoke(app, [str(a) for a in arguments], env=environment)


def inspected(kind: str, *arguments: str | Path, code: int = 0) -> Any:
    result = mainstay(kind, "inspect", *arguments, "--json")
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


@pytest.mark.parametrize(("kind", "folder"), [("hl7", "hl7v2"), ("fhir", "fhir")])
def test_the_samples_have_the_verdicts_that_are_committed(
    kind: str, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made by `./mainstay KIND inspect samples/FOLDER/*.* --json` at the root."""
    monkeypatch.chdir(ROOT)
    ending = "*.hl7" if kind == "hl7" else "*.json"
    files = sorted(Path("samples", folder).glob(ending), key=str)
    committed = json.loads((SAMPLES / "verdicts" / f"{folder}.json").read_text())
    assert inspected(kind, *files, code=int(kind == "hl7")) == committed


def test_a_message_has_its_verdict_its_reasons_and_its_events(tmp_path: Path) -> None:
    file = tmp_path / "one.hl7"
    file.write_text(message("ADT^A04", PID.replace("19840517", "19841317")))
    assert inspected("hl7", file, code=1) == {
        "file": str(file),
        "messages": [
            {
                "control_id": "1",
                "type": "ADT^A04",
                "version": "2.5.1",
                "ack": "AE",
                "reasons": [
                    {
                        "segment": "PID",
                        "field": "PID-7",
                        "message": "write a day that the calendar has, as YYYYMMDD (not-a-date)",
                    }
                ],
                "events": [],
            }
        ],
    }


def test_a_booking_and_then_its_no_show_in_one_file_works(tmp_path: Path) -> None:
    both = tmp_path / "both.hl7"
    both.write_bytes(S12.read_bytes() + b"\r\n" + S26.read_bytes())
    events = [one["events"] for one in inspected("hl7", both)["messages"]]
    assert events[1] == ["interop.appointment-missed.v1"]
    alone = inspected("hl7", S26, code=1)["messages"][0]["reasons"]
    assert [reason["field"] for reason in alone] == ["SCH-2"]


def test_what_a_real_profile_has_to_map_is_listed_and_with_it_the_visit_is_posted(
    tmp_path: Path,
) -> None:
    profile = tmp_path / "profile.json"
    profile.write_text(json.dumps(PROFILE))
    shown = mainstay("hl7", "inspect", DFT)
    assert shown.exit_code == 0
    assert "to be mapped: payer BAV, practitioner 9941339108 (no NPI)" in shown.output
    assert "procedure 99011 (system unknown)" in shown.output
    [told] = inspected("hl7", DFT)["messages"]
    assert "interop.query-opened.v2" in told["events"]
    assert POSTED not in told["events"]
    [told] = inspected("hl7", DFT, "--profile", profile)["messages"]
    assert told["events"] == ["interop.patient-registered.v1", POSTED]


def test_a_payer_that_the_given_profile_lacks_is_refused(tmp_path: Path) -> None:
    (profile := tmp_path / "profile.json").write_text("{}")
    (file := tmp_path / "one.hl7").write_text(message("ADT^A04", PID, IN1))
    assert inspected("hl7", file)["messages"][0]["ack"] == "AA"
    [reason] = inspected("hl7", file, "--profile", profile, code=1)["messages"][0]["reasons"]
    assert "payer-unknown" in reason["message"]


def test_several_files_are_told_in_their_order_and_for_a_person_too() -> None:
    found = inspected("fhir", *PATIENTS[:2])
    assert [one["file"] for one in found] == [str(path) for path in PATIENTS[:2]]
    assert found[0]["accepted"] == sum(found[0]["resources"].values())
    shown = mainstay("fhir", "inspect", *PATIENTS[:2])
    assert shown.output.count("taken") == 2
    assert "interop.patient-registered.v1" in shown.output


def test_a_refused_bundle_names_the_expressions(tmp_path: Path) -> None:
    bundle = json.loads(PATIENTS[0].read_bytes())
    del bundle["entry"][0]["resource"]["name"]
    (file := tmp_path / "bundle.json").write_text(json.dumps(bundle))
    found = inspected("fhir", file, code=1)
    assert found["accepted"] == 0
    assert found["refused"][0] == {
        "expression": "Bundle.entry[0].resource.name.family",
        "message": "send the family name (family-name-missing)",
    }
    assert "Bundle.entry[0].resource.name.family" in mainstay("fhir", "inspect", file).output


@pytest.mark.parametrize(
    ("kind", "content", "said"),
    [
        ("hl7", None, "No such file or directory"),
        ("hl7", b"", "no line begins with MSH"),
        ("hl7", b'{"resourceType": "Bundle"}', "no line begins with MSH"),
        ("fhir", None, "No such file or directory"),
        ("fhir", b"MSH|^~\\&|", "not JSON"),
        ("fhir", b"\xff\xfe{", "not JSON"),
    ],
)
def test_what_cannot_be_read_says_what_to_do(
    tmp_path: Path, kind: str, content: bytes | None, said: str
) -> None:
    file = tmp_path / "file"
    if content is not None:
        file.write_bytes(content)
    for more in ([], ["--json"]):
        result = mainstay(kind, "inspect", file, *more)
        assert result.exit_code == 2
        assert said in result.stderr
        assert result.stdout == ""


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--time-zone", "Nowhere/Land", "such as America/New_York"),
        ("--profile", "/nowhere/profile.json", "give the file of a connection's profile"),
        ("--profile", str(DFT), "is no connection's profile"),
    ],
)
def test_a_wrong_option_says_what_to_give(option: str, value: str, said: str) -> None:
    result = mainstay("hl7", "inspect", DFT, option, value)
    assert (result.exit_code, said in result.stderr) == (2, True), result.output


def test_no_value_of_a_person_is_said(tmp_path: Path) -> None:
    (file := tmp_path / "one.hl7").write_text(message("ADT^A04", PID.replace("19840517", "LEAK")))
    for arguments in (["--json"], []):
        said = mainstay("hl7", "inspect", file, *arguments).output
        assert not any(value in said for value in ("LEAK", "Rivera", "1001", "Orchard"))


def test_what_the_integrators_page_tells_to_type_runs() -> None:
    page = (ROOT / "docs" / "integrators.md").read_text()
    lines = re.findall(r"^\./mainstay .* inspect .*", page, re.MULTILINE)
    assert len(lines) == 3
    for line in lines:
        done = subprocess.run(["sh", "-c", line], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert "interop.patient-registered.v1" in done.stdout


def test_the_help_lists_the_services_groups_and_imports_nothing_of_what_they_do() -> None:
    code = (
        "import sys\nfrom typer.testing import CliRunner\nfrom libs.cli.app import app\n"
        "print(CliRunner().invoke(app, ['--help']).output)\n"
        "print([name for name in sys.modules if name.startswith('services.')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={**os.environ, "COLUMNS": "200"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    *help_text, imported = done.stdout.strip().splitlines()
    assert any("hl7" in line and "HL7 v2 messages" in line for line in help_text)
    services = ("billing", "interop")
    assert json.loads(imported.replace("'", '"')) == [
        module for name in services for module in (f"services.{name}", f"services.{name}.cli")
    ]
