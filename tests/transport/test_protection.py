"""Marked fields on the wire: sealed wherever they stand, and opened in their own place only."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, ClassVar
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.events.contracts import PERSONAL, PHI, Contract, Event, Topic
from libs.events.contracts.marks import marked_paths, marks_of
from libs.events.contracts.values import PracticeId
from libs.events.transport.envelope import Origin, read_envelope, write_headers, write_sequence
from libs.events.transport.faults import UnreadableEventError
from libs.events.transport.keys import KeyDirectory, Keys
from libs.events.transport.payload import read_event
from libs.events.transport.protection import ErasedEventError, open_marked, seal_marked
from tests.keys import FIXED_KEYS

PRACTICE = PracticeId(UUID("6f6a1a51-3c1b-4b53-8a55-000000000001"))
OTHER = UUID("6f6a1a51-3c1b-4b53-8a55-000000000002")
CANARY = "Xylophonowitz"
AT = datetime(2026, 3, 2, tzinfo=UTC)


class Address(Contract):
    line: Annotated[str, PHI]
    state: str


class Letter(Contract):
    text: Annotated[str, PHI]
    pages: int


class LetterSent(Event):
    """Has a mark at every kind of place."""

    type: ClassVar = "postroom.letter-sent.v1"
    topic: ClassVar = Topic("postroom.letters")
    key: ClassVar = "letter_id"

    letter_id: str
    address: Address
    letters: tuple[Letter, ...] = ()
    names: tuple[Annotated[str, PHI], ...] = ()
    sender: Annotated[str | None, PERSONAL] = None
    born_on: Annotated[date, PHI] = date(1970, 1, 2)
    weights: Annotated[tuple[int, ...], PHI] = ()
    lines: Annotated[dict[str, int] | None, PHI] = None
    copy_to: Address | None = None


class LetterLost(LetterSent):
    """The same fields in another contract."""

    type: ClassVar = "postroom.letter-lost.v1"


texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
addresses = st.builds(Address, line=texts, state=texts)
letters = st.builds(
    LetterSent,
    practice_id=st.just(PRACTICE),
    letter_id=texts,
    address=addresses,
    letters=st.lists(st.builds(Letter, text=texts, pages=st.integers()), max_size=2).map(tuple),
    names=st.lists(texts, max_size=2).map(tuple),
    sender=st.none() | texts,
    born_on=st.dates(),
    weights=st.lists(st.integers(), max_size=2).map(tuple),
    lines=st.none() | st.dictionaries(texts, st.integers(), max_size=2),
    copy_to=st.none() | addresses,
)
FULL = LetterSent(
    practice_id=PRACTICE,
    letter_id="7",
    address=Address(line=f"{CANARY} 1", state="OH"),
    letters=(Letter(text=f"{CANARY} 2", pages=3),),
    names=(f"{CANARY} 3", f"{CANARY} 4"),
    sender=f"{CANARY} 5",
    lines={f"{CANARY} 6": 1},
    copy_to=Address(line=f"{CANARY} 7", state="OH"),
)


def sealed(event: Event, keys: Keys = FIXED_KEYS) -> bytes:
    return seal_marked(event, event.model_dump_json().encode(), keys)


def read(event: Event, value: bytes, keys: Keys = FIXED_KEYS) -> Event:
    origin = Origin(UUID(int=1), None, None)
    headers = write_headers(event, source="postroom", time=AT, origin=origin)
    headers["ce_sequence"] = write_sequence(1, 1)
    envelope = read_envelope(
        [(name, text.encode()) for name, text in headers.items()],
        topic="any", partition=0, offset=0, key=event.key_value.encode(),
    )  # fmt: skip
    return read_event(envelope, value, keys)


def values(data: Any, at: str = "") -> Iterator[tuple[str, dict[str, str]]]:
    """Every encrypted value in it, by its JSON Pointer."""
    if isinstance(data, dict):
        if "alg" in data:
            yield at, data
        for name, inner in data.items():
            yield from values(inner, f"{at}/{name}")
    elif isinstance(data, list):
        for number, inner in enumerate(data):
            yield from values(inner, f"{at}/{number}")


@given(letters)
def test_what_is_sealed_is_read_as_it_was_said(event: LetterSent) -> None:
    assert read(event, sealed(event)) == event


def test_every_mark_is_sealed_and_nothing_else_is() -> None:
    wire = sealed(FULL)
    assert CANARY.encode() not in wire
    data = json.loads(wire)
    assert sorted(at for at, _ in values(data)) == [
        "/address/line", "/born_on", "/copy_to/line", "/letters/0/text", "/lines",
        "/names/0", "/names/1", "/sender", "/weights",
    ]  # fmt: skip
    assert data["letters"][0]["pages"] == 3
    assert data["address"]["state"] == "OH"
    assert json.loads(sealed(FULL.model_copy(update={"sender": None})))["sender"] is None
    assert sorted(path for path, _ in marked_paths(LetterSent)) == [
        "address.line", "born_on", "copy_to.line", "letters[].text", "lines",
        "names[]", "sender", "weights",
    ]  # fmt: skip


def test_the_same_value_never_looks_the_same_twice() -> None:
    [one, other] = [dict(values(json.loads(sealed(FULL)))) for _ in range(2)]
    for at in one:
        assert one[at]["iv"] != other[at]["iv"]
        assert one[at]["ct"] != other[at]["ct"]


@given(letters, st.data())
def test_a_sealed_value_opens_in_its_own_place_only(event: LetterSent, data: st.DataObject) -> None:
    """Moved to another practice, contract, aggregate or field, it does not open."""
    wire = sealed(event)

    def opens(contract: type[Event], practice_id: UUID, key: str, value: bytes = wire) -> None:
        open_marked(contract, value, practice_id=practice_id, key=key, keys=FIXED_KEYS)

    opens(LetterSent, PRACTICE, event.key_value)
    other_key = data.draw(texts.filter(lambda text: text != event.key_value))
    elsewhere: list[tuple[type[Event], UUID, str, bytes]] = [
        (LetterSent, OTHER, event.key_value, wire),
        (LetterLost, PRACTICE, event.key_value, wire),
        (LetterSent, PRACTICE, other_key, wire),
    ]
    content = json.loads(wire)
    content["born_on"], content["weights"] = content["weights"], content["born_on"]
    elsewhere.append((LetterSent, PRACTICE, event.key_value, json.dumps(content).encode()))
    for place in elsewhere:
        with pytest.raises(UnreadableEventError):
            opens(*place)


def test_items_of_one_list_cannot_change_places() -> None:
    content = json.loads(sealed(FULL))
    content["names"].reverse()
    with pytest.raises(UnreadableEventError, match="/names/0: does not open"):
        read(FULL, json.dumps(content).encode())


@given(st.data())
def test_a_changed_value_does_not_open(data: st.DataObject) -> None:
    content = json.loads(sealed(FULL))
    at, value = data.draw(st.sampled_from(list(values(content))))
    member = data.draw(st.sampled_from(["iv", "ct"]))
    place = data.draw(st.integers(0, len(value[member]) - 2))  # the last letter has unused bits
    letter = "B" if value[member][place] == "A" else "A"
    value[member] = value[member][:place] + letter + value[member][place + 1 :]
    with pytest.raises(UnreadableEventError, match=f"{at}: does not open"):
        read(FULL, json.dumps(content).encode())


NOT_SEALED: dict[str, Any] = {
    "in clear": CANARY,
    "an empty object": {},
    "another algorithm": {"alg": CANARY, "kid": "tests-only", "iv": "", "ct": ""},
    "a member missing": {"alg": "A256GCM", "kid": "tests-only", "iv": ""},
    "a member too many": {"alg": "A256GCM", "kid": "a", "iv": "", "ct": "", CANARY: ""},
    "a member that is no text": {"alg": "A256GCM", "kid": "a", "iv": 1, "ct": ""},
    "a key id that is a story": {"alg": "A256GCM", "kid": CANARY * 9, "iv": "", "ct": ""},
    "a list": [CANARY],
}


@pytest.mark.parametrize("value", NOT_SEALED.values(), ids=NOT_SEALED.keys())
def test_a_marked_field_that_is_not_sealed_is_refused_and_not_repeated(value: Any) -> None:
    content = json.loads(sealed(FULL)) | {"sender": value}
    with pytest.raises(UnreadableEventError, match="/sender: is no encrypted value") as refused:
        read(FULL, json.dumps(content).encode())
    assert CANARY not in str(refused.value)


def test_fields_in_clear_are_taken_where_a_partner_may_send_them() -> None:
    opening = partial(
        open_marked, LetterSent, practice_id=PRACTICE, key=FULL.key_value, keys=FIXED_KEYS
    )
    clear = FULL.model_dump_json().encode()
    mixed = json.loads(sealed(FULL)) | {"sender": "in clear"}
    assert json.loads(opening(value=clear, clear_too=True)) == json.loads(clear)
    opened = opening(value=json.dumps(mixed).encode(), clear_too=True)
    assert json.loads(opened) == json.loads(clear) | {"sender": "in clear"}
    with pytest.raises(UnreadableEventError, match="is no encrypted value"):
        opening(value=clear)


def test_a_practices_events_are_unreadable_without_its_key(tmp_path: Path) -> None:
    ours, theirs = KeyDirectory(tmp_path / "ours"), KeyDirectory(tmp_path / "theirs")
    wire = sealed(FULL, ours)
    assert read(FULL, wire, ours) == FULL
    with pytest.raises(UnreadableEventError, match="not among this process's keys"):
        read(FULL, wire, theirs)
    theirs.sealing(PRACTICE)
    with pytest.raises(UnreadableEventError, match=r"key [0-9a-f]{16} is not here"):
        read(FULL, wire, theirs)
    ours.rotate(PRACTICE)
    assert read(FULL, wire, ours) == FULL
    ours.erase(PRACTICE, AT)
    with pytest.raises(ErasedEventError, match="were erased"):
        read(FULL, wire, ours)


def test_an_event_without_marks_needs_no_key() -> None:
    class Posted(Event):
        type: ClassVar = "postroom.posted.v1"
        topic: ClassVar = Topic("postroom.letters")
        key: ClassVar = "letter_id"
        letter_id: str

    data = b"not even looked at"
    posted = Posted(practice_id=PRACTICE, letter_id="7")
    assert seal_marked(posted, data, FIXED_KEYS) is data
    assert open_marked(Posted, data, practice_id=OTHER, key="", keys=FIXED_KEYS) is data


def test_what_is_marked_is_not_shown() -> None:
    for shown in (repr(FULL), str(FULL), f"{[FULL]}"):
        assert CANARY not in shown
        assert "line=<phi>" in shown
        assert "sender=<personal>" in shown
        assert "names=<phi>" in shown
        assert "state='OH'" in shown


class Node(Contract):
    name: Annotated[str, PHI]
    child: Node | None = None


class ByName(Contract):
    held: dict[str, Address]


class Either(Contract):
    held: Address | Letter


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (Node, "holds its own kind"),
        (ByName, "cannot be followed"),
        (Either, "alternatives differ"),
    ],
)
def test_marks_that_cannot_be_followed_are_refused(model: type[Contract], reason: str) -> None:
    with pytest.raises(TypeError, match=reason):
        marks_of(model)


def test_a_marked_key_is_refused() -> None:
    with pytest.raises(TypeError, match="stands in clear"):

        class Bad(Event):  # pyright: ignore[reportUnusedClass]
            type: ClassVar = "postroom.bad.v1"
            topic: ClassVar = Topic("postroom.letters")
            key: ClassVar = "name"
            name: Annotated[str, PHI]
