"""`mainstay keys`: made, changed, handed over and erased; each act on record, no key in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from libs.cli.app import app

PRACTICE = "6f6a1a51-3c1b-4b53-8a55-000000000001"


def keys(folder: Path, *arguments: str) -> Result:
    environment = {"MAINSTAY_KEYS": str(folder), "COLUMNS": "200"}
    return CliRunner().invoke(app, ["keys", *arguments], env=environment)


def material(folder: Path) -> list[str]:
    content: dict[str, Any] = json.loads((folder / f"{PRACTICE}.json").read_text())
    return [key["k"] for key in content["keys"]]


def test_a_key_is_made_changed_and_erased_and_no_key_is_ever_shown(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    said = keys(folder, "create", PRACTICE).output
    assert keys(folder, "create", PRACTICE).stdout.startswith("there is already ")
    said += keys(folder, "rotate", PRACTICE).output
    secrets = material(folder)
    assert len(secrets) == 2
    listed = keys(folder, "list", "--json")
    [shown] = json.loads(listed.stdout)
    assert shown["practice_id"] == PRACTICE
    assert len(shown["kids"]) == 2
    said += listed.output + keys(folder, "list").output
    assert keys(folder, "erase", PRACTICE, "--confirm", "no").exit_code == 2
    said += keys(folder, "erase", PRACTICE, "--confirm", PRACTICE).output
    assert json.loads(keys(folder, "list", "--json").stdout)[0]["kids"] == []
    refused = keys(folder, "export", PRACTICE)
    assert (refused.exit_code, refused.stdout) == (1, "")
    acts = (folder / "acts.jsonl").read_text()
    assert [json.loads(act)["act"] for act in acts.splitlines()] == ["created", "rotated", "erased"]
    for secret in secrets:
        assert secret not in said + acts


def test_an_export_prints_the_keys_alone_on_stdout_and_is_on_record(tmp_path: Path) -> None:
    keys(tmp_path, "create", PRACTICE)
    exported = keys(tmp_path, "export", PRACTICE)
    [key] = json.loads(exported.stdout)["keys"]
    assert [key["k"]] == material(tmp_path)
    assert (key["kty"], key["alg"]) == ("oct", "A256GCM")
    assert key["k"] not in exported.stderr
    assert "cannot be taken back" in exported.stderr
    act = json.loads((tmp_path / "acts.jsonl").read_text().splitlines()[-1])
    assert act["act"] == "exported"
    assert act["kids"] == [key["kid"]]
    assert key["k"] not in json.dumps(act)


def test_what_cannot_be_put_on_record_is_not_done(tmp_path: Path) -> None:
    keys(tmp_path, "create", PRACTICE)
    (tmp_path / "acts.jsonl").unlink()
    (tmp_path / "acts.jsonl").mkdir()
    before = material(tmp_path)
    for act in (("export", PRACTICE), ("rotate", PRACTICE)):
        refused = keys(tmp_path, *act)
        assert (refused.exit_code, refused.stdout) == (1, "")
        assert "not done" in refused.stderr
    assert material(tmp_path) == before


@pytest.mark.parametrize("act", ["rotate", "export"])
def test_a_practice_without_keys_is_named(tmp_path: Path, act: str) -> None:
    refused = keys(tmp_path, act, PRACTICE)
    assert refused.exit_code == 1
    assert f"{PRACTICE}.json is not among" in refused.stderr
