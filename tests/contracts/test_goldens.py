"""Every message ever sent still parses, and nothing that was sent is forgotten."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from libs.events.contracts import Event, contracts, is_latest
from libs.events.contracts.base import name_and_version
from libs.events.transport.envelope import read_envelope
from libs.events.transport.faults import UnreadableEventError
from libs.events.transport.payload import read_event
from libs.events.transport.protection import open_marked
from tests.contracts.canonical import kinds
from tests.contracts.goldens import (
    FOLDER,
    SUMS,
    Golden,
    add_missing,
    changed,
    goldens,
    unshown,
)
from tests.keys import FIXED_KEYS

ALL = goldens()


def parse(golden: Golden) -> Event:
    """Read a golden as a consumer would, lifted to the latest version of the event.

    AssertionError where its own contract would lose something of it, or lifting it twice differs.
    """
    headers = [(name, text.encode()) for name, text in golden.message["headers"].items()]
    envelope = read_envelope(
        headers, topic="any", partition=0, offset=0, key=golden.message["key"].encode()
    )
    body = golden.message["data"].encode()
    event = read_event(envelope, body, FIXED_KEYS)
    assert is_latest(type(event))
    assert name_and_version(event.type)[0] == name_and_version(golden.kind)[0]
    assert event == read_event(envelope, body, FIXED_KEYS)
    contract = contracts()[golden.kind]
    sent = open_marked(
        contract, body, practice_id=envelope.practice_id, key=envelope.key, keys=FIXED_KEYS
    )
    said = contract.model_validate_json(sent, extra="ignore")
    assert list(lost(json.loads(sent), json.loads(said.model_dump_json()))) == []
    return event


def lost(sent: Any, said: Any, at: str = "data") -> Iterator[str]:
    """The places where what was sent is not said any more; a reader passes over them in silence."""
    if isinstance(sent, dict) and isinstance(said, dict):
        for name, inner in sent.items():
            yield from lost(inner, said.get(name, "?"), f"{at}.{name}")
    elif isinstance(sent, list) and isinstance(said, list) and len(sent) == len(said):
        for one, other in zip(sent, said, strict=True):
            yield from lost(one, other, f"{at}[]")
    elif sent != said:
        yield at


@pytest.mark.parametrize("golden", ALL, ids=lambda g: f"{g.kind}-{g.number}")
def test_what_was_sent_is_still_understood(golden: Golden) -> None:
    parse(golden)


def test_what_a_changed_contract_would_no_longer_take_is_found() -> None:
    golden = ALL[0]
    data = json.loads(golden.message["data"])
    more = json.dumps(data | {"a_field_of_old": 1})
    with pytest.raises(AssertionError, match=r"data\.a_field_of_old"):
        parse(golden._replace(message=golden.message | {"data": more}))
    other = json.dumps(data | {"practice_id": 1})
    with pytest.raises(UnreadableEventError):
        parse(golden._replace(message=golden.message | {"data": other}))


def test_a_value_inside_that_is_no_longer_understood_is_found() -> None:
    sent = {"inside": [{"kept": 1, "gone": None}]}
    assert list(lost(sent, {"inside": [{"kept": 1, "new": 2}]})) == ["data.inside[].gone"]
    assert list(lost(sent, {"inside": []})) == ["data.inside"]


def test_every_event_has_a_golden_of_the_shape_it_is_sent_in() -> None:
    assert {golden.kind for golden in ALL} >= set(kinds())
    assert unshown() == [], "python -m tests.contracts.goldens adds it"


def test_goldens_are_only_ever_added() -> None:
    assert changed() == []


def test_an_edited_and_a_removed_golden_are_found(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path, dirs_exist_ok=True)
    assert changed(tmp_path) == []
    edited = tmp_path / "billing.claim-paid.v1" / "1.json"
    edited.write_text(edited.read_text().replace("2026", "2027"))
    (tmp_path / "billing.claim-held.v1" / "1.json").unlink()
    (tmp_path / "billing.claim-held.v1" / "2.json").write_text("{}")
    assert changed(tmp_path) == [
        "billing.claim-held.v1/1.json",
        "billing.claim-held.v1/2.json",
        "billing.claim-paid.v1/1.json",
    ]


def test_a_new_shape_gets_a_golden_beside_the_old_ones(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path, dirs_exist_ok=True)
    kind = "billing.claim-denied.v1"
    old = tmp_path / kind / "1.json"
    message = json.loads(old.read_text())
    data = json.loads(message["data"])
    del data["remarks"]  # as it was before the field was added with its default
    old.write_text(json.dumps(message | {"data": json.dumps(data)}))
    before, sums = old.read_bytes(), (tmp_path / SUMS).read_text()
    assert unshown(tmp_path) == [kind]
    assert add_missing(tmp_path) == [f"{kind}/2.json"]
    assert unshown(tmp_path) == []
    assert old.read_bytes() == before
    assert (tmp_path / SUMS).read_text().startswith(sums), "the sums are only added to"
    for golden in goldens(tmp_path):
        parse(golden)
