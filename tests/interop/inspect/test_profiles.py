"""The starting profiles of EHR products, each tried on messages in that EHR's manner."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from services.interop.connections.fields import FieldMap
from services.interop.connections.model import Profile
from services.interop.inspect.hl7 import Hl7Inspection, inspect_hl7
from tests.harness import Harness
from tests.interop.conftest import OpenConnection
from tests.interop.fhir.reading import SAMPLES
from tests.interop.inspect.serving import ZONE, served_hl7
from tests.interop.inspect.test_command import ROOT, mainstay

FOLDER = SAMPLES / "profiles"
PAGES = ROOT / "docs" / "ehr"
EHRS = sorted(path.stem for path in FOLDER.glob("*.hl7"))


def inspected(ehr: str, profile: dict[str, Any]) -> Hl7Inspection:
    told = Profile.model_validate_json(json.dumps(profile))
    raw = (FOLDER / f"{ehr}.hl7").read_bytes()
    return inspect_hl7(ehr, raw, profile=told, time_zone=ZONE, fill_in=True)


def profile_of(ehr: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{ehr}.json").read_text())
    return found


def what_came_of_it(inspection: Hl7Inspection) -> Any:
    """Without the fields that were read: what is answered, becomes, and is yet to be named."""
    found = inspection.found
    told = [(m.ack, [r.field for r in m.reasons], m.events) for m in found.messages]
    return told, found.to_map


@pytest.mark.parametrize("ehr", EHRS)
def test_its_messages_have_the_verdicts_that_are_committed(
    ehr: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    folder = Path("samples", "profiles")
    told = mainstay("hl7", "inspect", folder / f"{ehr}.hl7", "--json", "--fill-in",
                    "--profile", folder / f"{ehr}.json")  # fmt: skip
    assert json.loads(told.stdout) == json.loads((FOLDER / f"{ehr}.verdict.json").read_text())


def parts_of(profile: dict[str, Any]) -> list[tuple[str, ...]]:
    """Its keys, and the facts of its field map; but for those that no event tells apart."""
    keys = (key for key in profile if key not in ("fields", "sexes"))
    facts = (fact for fact in profile["fields"] if fact != "visit_class")
    return [*((key,) for key in keys), *(("fields", fact) for fact in facts)]


@pytest.mark.parametrize(
    ("ehr", "part"), [(ehr, part) for ehr in EHRS for part in parts_of(profile_of(ehr))]
)
def test_without_a_part_of_its_profile_something_else_would_come_of_its_messages(
    ehr: str, part: tuple[str, ...]
) -> None:
    whole, without = profile_of(ehr), profile_of(ehr)
    *outer, last = part
    del (without[outer[0]] if outer else without)[last]
    assert what_came_of_it(inspected(ehr, whole)) != what_came_of_it(inspected(ehr, without))


@pytest.mark.parametrize("ehr", EHRS)
def test_each_fact_that_it_maps_is_read_from_one_of_its_places_in_some_message(ehr: str) -> None:
    fields = profile_of(ehr)["fields"]
    mapped = {(fact, path) for fact, paths in fields.items() for path in paths}
    messages = inspected(ehr, profile_of(ehr)).found.messages
    assert {pair for message in messages for pair in message.read_from.items()} <= mapped
    assert {fact for message in messages for fact in message.read_from} == set(fields)


@pytest.mark.parametrize("ehr", EHRS)
async def test_the_service_answers_as_inspected(
    interop: Harness, open_connection: OpenConnection, ehr: str
) -> None:
    inspection = inspected(ehr, profile_of(ehr))
    raw = (FOLDER / f"{ehr}.hl7").read_bytes()
    served = await served_hl7(interop, open_connection, raw, inspection.used.profile)
    assert [m.model_copy(update={"read_from": {}}) for m in inspection.found.messages] == served


def test_to_fill_in_a_profile_makes_up_what_it_leaves_open_and_nothing_else() -> None:
    named = {**profile_of("athenahealth"), "practitioners": {"9": "1245319599"}}
    assert inspected("athenahealth", named).found.to_map == ()
    left = inspected("allscripts-professional", {**profile_of("allscripts-professional"),
                     "payers": {"X": {"payer_id": "XX", "payer_name": "X"}}})  # fmt: skip
    assert [m.ack for m in left.found.messages] == ["AE", "AA", "AA", "AA"]


def test_the_guide_explains_every_key_and_has_a_page_for_every_profile() -> None:
    guide = (PAGES / "README.md").read_text()
    for name in (*Profile.model_fields, *FieldMap.model_fields):
        assert f"`{name}`" in guide, name
    assert {path.stem for path in PAGES.glob("*.md")} - {"README"} == set(EHRS)
    for ehr in EHRS:
        page = (PAGES / f"{ehr}.md").read_text()
        assert f"({ehr}.md)" in guide
        assert "## Sources" in page, ehr
        for fact in profile_of(ehr)["fields"]:
            assert f"`{fact}`" in page, (ehr, fact)


@pytest.mark.parametrize("page", ["README", *EHRS])
def test_what_the_pages_tell_people_to_type_at_this_checkout_runs(page: str) -> None:
    text = (PAGES / f"{page}.md").read_text()
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if "$" not in line]
    assert lines
    for line in lines:
        done = subprocess.run(["sh", "-c", line], cwd=ROOT, capture_output=True, timeout=60)
        assert done.returncode == 0, f"{line}: {done.stdout.decode()}{done.stderr.decode()}"


def test_the_pages_link_to_files_that_are_there() -> None:
    for page in PAGES.glob("*.md"):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} → {target}"
