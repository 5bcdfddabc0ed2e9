"""A change that breaks a reader is refused with its reason; a harmless one is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import Field

from libs.events.catalogue.__main__ import (
    FOLDER,
    documents,
    forgetful,
    main,
    refusals,
    stale,
    write,
)
from libs.events.catalogue.breaking import breaking_changes
from libs.events.contracts import PHI, Contract, Event, Topic
from libs.events.transport import Projection, Service
from tests.contracts.throwaway import GONE, TOPIC, Part, made, schema_with, text


def letters(most: int = 9, pattern: str = "^[a-z]+$") -> Any:
    return text(most, pattern)


def part(**fields: Any) -> Any:
    """Another version of the nested value, under its name."""
    annotations: dict[str, Any] = {name: kind for name, (kind, *_) in fields.items()}
    defaults = {name: rest[0] for name, (_, *rest) in fields.items() if rest}
    return Annotated[made("Part", Contract, annotations, defaults, doc=Part.__doc__), PHI]


BREAKING: dict[str, tuple[dict[str, Any], str]] = {
    "another topic": ({"topic": Topic("workshop.others", 6)}, "x-mainstay-topic changed"),
    "another key": ({"key": "color"}, "x-mainstay-key changed from thing_id to color"),
    "more partitions": ({"topic": Topic("workshop.parts", 12)}, "partitions changed from 6 to 12"),
    "a field removed": ({"made_on": GONE}, "made_on: was removed"),
    "an optional field removed": ({"note": GONE}, "note: was removed"),
    "a new field without a default": ({"weight": int}, "weight: became required"),
    "a default taken away": ({"count": Annotated[int, Field(ge=0, le=9)]}, "count: became req"),
    "a default given": ({"name": (letters(), "x")}, "name: may now be missing"),
    "another default": ({"count": (Annotated[int, Field(ge=0, le=9)], 1)}, "count: default chan"),
    "another type": ({"made_on": int}, "made_on: type changed from string to integer"),
    "another format": ({"made_on": str}, "made_on: format changed from date to None"),
    "a choice removed": ({"color": Literal["red"]}, "color: no longer allows blue"),
    "a new choice": ({"color": Literal["red", "blue", "green"]}, "color: now allows green: an old"),
    "a constant became a choice": ({"grade": Literal["a", "b"]}, "grade: now allows b"),
    "another constant": ({"grade": Literal["b"]}, "grade: no longer allows a"),
    "a text became a closed list": ({"name": Literal["x"]}, "name: became a closed list"),
    "a closed list opened": ({"color": str}, "color: is no longer a closed list"),
    "another pattern": ({"name": letters(pattern="^[a-c]+$")}, "name: pattern changed"),
    "a pattern added inside a list": ({"tags": tuple[letters(), ...]}, "tags[]: "),
    "a length narrowed": ({"name": letters(8)}, "name: maxLength changed from 9 to 8"),
    "a bound narrowed": ({"count": (Annotated[int, Field(ge=1, le=9)], 1)}, "count: minimum"),
    "a bound narrowed from above": ({"count": (Annotated[int, Field(ge=0, le=5)], 0)}, "count: ma"),
    "null no longer allowed": ({"note": (letters(), "x")}, "note: the alternatives changed"),
    "an alternative narrowed": (
        {"note": (text(8) | None, None)},
        "note: maxLength changed",
    ),
    "no list any more": ({"tags": letters()}, "tags: became no list"),
    "a longer list asked for": (
        {"tags": Annotated[tuple[letters(9, "^[a-z]$"), ...], Field(min_length=1)]},
        "tags: minItems changed from None to 1",
    ),
    "a mark taken away": ({"part": Part}, "part: x-mainstay-marked changed from phi to None"),
    "a field removed inside": ({"part": part(size=(int,))}, "part.maker: was removed"),
    "a type changed inside": ({"part": part(size=(float,), maker=(str, "unknown"))}, "part.size: "),
    "a field required inside": (
        {"part": part(size=(int,), maker=(str, "unknown"), weight=(int,))},
        "part.weight: became required",
    ),
}


@pytest.mark.parametrize(("changes", "reason"), BREAKING.values(), ids=BREAKING.keys())
def test_a_breaking_change_is_refused_with_its_reason(changes: dict[str, Any], reason: str) -> None:
    found = [str(line) for line in breaking_changes(schema_with(), schema_with(**changes))]
    assert any(line.startswith(reason) or reason in line for line in found), found


HARMLESS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "a new field with a default": {"weight": (int, 1)},
    "said better": {"count": (Annotated[int, Field(ge=0, le=9, description="Many.")], 0)},
    "a new field with a default inside": {
        "part": part(size=(int,), maker=(str, "unknown"), weight=(int, 1))
    },
}


@pytest.mark.parametrize("changes", HARMLESS.values(), ids=HARMLESS.keys())
def test_a_harmless_change_is_not_refused(changes: dict[str, Any]) -> None:
    assert list(breaking_changes(schema_with(), schema_with(**changes))) == []


def test_a_value_that_holds_its_own_kind_is_compared_once() -> None:
    inner = {"type": "object", "properties": {"child": {"$ref": "#/$defs/Node"}}}
    old = {"$defs": {"Node": inner}, "properties": {"root": {"$ref": "#/$defs/Node"}}}
    new = {**old, "$defs": {"Node": {**inner, "minProperties": 1}}}
    assert list(breaking_changes(old, old)) == []
    [found] = breaking_changes(old, new)
    assert str(found).startswith("root: minProperties changed from None to 1")


def test_the_committed_catalogue_is_fresh_and_breaks_nobody() -> None:
    assert [*refusals(FOLDER, documents()), *stale(FOLDER, documents())] == []


def test_a_stale_a_missing_and_a_removed_event_are_told_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = documents()
    write(tmp_path, made)
    assert main(["check", str(tmp_path)]) == 0
    name = "billing.claim-paid.v1.json"
    without = {n: document for n, document in made.items() if n != name}
    assert [line.partition(";")[0] for line in refusals(tmp_path, without)] == [
        f"{name}: the event was removed, and its readers with it"
    ]
    kept = (tmp_path / name).read_text()
    (tmp_path / name).write_text(kept.replace('"title": "ClaimPaid"', '"title": "Paid"'))
    (tmp_path / "asyncapi.json").unlink()
    assert main(["check", str(tmp_path)]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "asyncapi.json: missing; `make contracts` writes it",
        f"{name}: stale at /title; `make contracts` writes it",
    ]
    assert main(["write", str(tmp_path)]) == 0
    assert main(["check", str(tmp_path)]) == 0, "words may change"


def test_writing_does_not_hide_a_breaking_change(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, documents())
    kept = tmp_path / "billing.claim-paid.v1.json"
    broken = kept.read_text().replace('"claim_id"', '"stale_id"')
    kept.write_text(broken)
    assert main(["write", str(tmp_path)]) == 1
    assert f"{kept.name}: stale_id: was removed" in capsys.readouterr().err
    assert kept.read_text() == broken


def test_a_projection_of_a_topic_that_forgets_is_found() -> None:
    def on_thing(event: Any, fold: Any) -> None: ...

    for days, found in ((None, []), (7, ["shop.things: workshop.parts keeps 7 days; a rebuild"])):
        topic = replace(TOPIC, retention_days=days)
        kind = f"workshop.thing-lost-{len(found)}.v1"
        body = {"type": kind, "topic": topic, "key": "thing_id"}
        on_thing.__annotations__ = {"event": made("Lost", Event, {"thing_id": UUID}, body)}
        things = Projection(name="things", version=1, tables=(), on=(on_thing,))
        lines = list(forgetful([Service(name="shop", projections=[things])]))
        assert [line.partition(" would")[0] for line in lines] == found


def test_a_call_that_cannot_be_taken_says_how() -> None:
    assert [main(a) for a in ([], ["rewrite"], ["check", "a", "b"])] == [2, 2, 2]


def test_writing_twice_writes_the_same(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        write(tmp_path / folder, documents())
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()
