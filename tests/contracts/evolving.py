"""Contracts made of random fields, random changes of them, and instances at all their edges."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from hypothesis import strategies as st
from pydantic import Field, TypeAdapter

from libs.events.contracts import Contract, Event
from tests.contracts.throwaway import TOPIC, made

THING = "6f6a1a51-3c1b-4b53-8a55-000000000002"
NAMES = ("a", "b", "c", "d")
KINDS = ("choice", "text", "integer", "list", "day", "part")
FAR = 30
"""Beyond every bound that is drawn."""


@dataclass(frozen=True)
class Kind:
    """What a field may hold. `low`, `high`: bounds of the number, or of the length."""

    name: str
    low: int | None = None
    high: int | None = None
    choices: tuple[str, ...] = ("red",)
    inside: tuple[tuple[str, Member], ...] = ()
    nullable: bool = False


@dataclass(frozen=True)
class Member:
    """A field: what it holds, whether it may be missing, and words about it."""

    kind: Kind
    optional: bool = False
    last_default: bool = False
    words: str = ""


Members = tuple[tuple[str, Member], ...]


def contract_of(members: Members) -> type[Event]:
    annotations, defaults = _fields(members, "")
    body = {"type": "workshop.thing-evolved.v1", "topic": TOPIC, "key": "thing_id"}
    return made("ThingEvolved", Event, {"thing_id": UUID, **annotations}, body | defaults)


def _fields(members: Members, at: str) -> tuple[dict[str, Any], dict[str, Any]]:
    annotations: dict[str, Any] = {}
    defaults: dict[str, Any] = {}
    for name, member in members:
        kind = _annotation(member.kind, at + name)
        annotations[name] = Annotated[kind, Field(description=member.words or None)]
        if member.optional:
            edge = list(edges_of(member.kind))[-1 if member.last_default else 0]
            defaults[name] = TypeAdapter(kind).validate_json(json.dumps(edge))
    return annotations, defaults


def _annotation(kind: Kind, at: str) -> Any:
    if kind.name == "integer":
        plain: Any = Annotated[int, Field(ge=kind.low, le=kind.high)]
    elif kind.name == "text":
        plain = Annotated[str, Field(min_length=kind.low, max_length=kind.high)]
    elif kind.name == "choice":
        plain = Literal[kind.choices]
    elif kind.name == "day":
        plain = date
    elif kind.name == "list":
        items = tuple[_annotation(_item(kind), f"{at}_item"), ...]
        plain = Annotated[items, Field(min_length=kind.low, max_length=kind.high)]
    else:
        annotations, defaults = _fields(kind.inside, f"{at}_")
        plain = made(f"Part_{at}", Contract, annotations, defaults)
    return plain | None if kind.nullable else plain


def _item(kind: Kind) -> Kind:
    return Kind("choice", choices=kind.choices)


def instances_of(members: Members) -> Iterator[dict[str, Any]]:
    """What a publisher may send: each field at each of its edges, the others at their first."""
    head = {"practice_id": THING, "thing_id": THING}
    yield from ({**head, **said} for said in _objects(members))


def _objects(members: Members) -> Iterator[dict[str, Any]]:
    first = {name: next(edges_of(member.kind)) for name, member in members}
    yield first
    for name, member in members:
        if member.optional:
            yield {n: value for n, value in first.items() if n != name}
        yield from (first | {name: edge} for edge in edges_of(member.kind))


def edges_of(kind: Kind) -> Iterator[Any]:
    """Values of a kind at its edges: as JSON."""
    if kind.name == "integer":
        yield -FAR if kind.low is None else kind.low
        yield FAR if kind.high is None else kind.high
    elif kind.name == "text":
        yield "x" * (kind.low or 0)
        yield "x" * (FAR if kind.high is None else kind.high)
    elif kind.name == "choice":
        yield from kind.choices
    elif kind.name == "day":
        yield "2026-03-02"
    elif kind.name == "list":
        yield [kind.choices[0]] * (kind.low or 0)
        high = FAR if kind.high is None else kind.high
        yield from ([choice] * high for choice in kind.choices if high)
    else:
        yield from _objects(kind.inside)
    if kind.nullable:
        yield None


CHOICES = ("red", "blue", "green")
_seldom = st.sampled_from([False] * 6 + [True])
_lows = st.integers(0, 4) | st.none()
_highs = st.integers(5, 9) | st.none()
_choices = st.sampled_from((CHOICES, CHOICES[:2], CHOICES[:1]))


@st.composite
def kinds(draw: st.DrawFn, depth: int = 1) -> Kind:
    name = draw(st.sampled_from(KINDS if depth else KINDS[:-1]))
    inside = draw(members(depth - 1)) if name == "part" else ()
    return Kind(name, draw(_lows), draw(_highs), draw(_choices), inside, draw(st.booleans()))


@st.composite
def member(draw: st.DrawFn, depth: int = 1) -> Member:
    return Member(draw(kinds(depth)), draw(st.booleans()), draw(st.booleans()))


@st.composite
def members(draw: st.DrawFn, depth: int = 1) -> Members:
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True))
    return tuple((name, draw(member(depth))) for name in names)


@st.composite
def changed(draw: st.DrawFn, old: Members) -> Members:
    """One change or two; most of a contract stays."""
    for _ in range(draw(st.integers(1, 2))):
        old = draw(_changed_once(old))
    return old


@st.composite
def added(draw: st.DrawFn, old: Members) -> Members:
    """What may be changed: words, and fields that may be missing, at any depth."""
    found = [(name, draw(_added_inside(one))) for name, one in old]
    free = [name for name in NAMES if name not in dict(old)]
    if free and draw(st.booleans()):
        found.append((draw(st.sampled_from(free)), replace(draw(member()), optional=True)))
    return tuple(found)


@st.composite
def _added_inside(draw: st.DrawFn, one: Member) -> Member:
    words = draw(st.sampled_from(["", "Said better."]))
    if one.kind.name != "part" or one.optional:  # its default would be another one
        return replace(one, words=words)
    inside = draw(added(one.kind.inside))
    return replace(one, words=words, kind=replace(one.kind, inside=inside))


@st.composite
def _changed_once(draw: st.DrawFn, old: Members) -> Members:
    free = [name for name in NAMES if name not in dict(old)]
    if free and draw(_seldom):
        return (*old, (draw(st.sampled_from(free)), draw(member())))
    place = draw(st.integers(0, len(old) - 1))
    name, one = old[place]
    if len(old) > 1 and draw(_seldom):
        return old[:place] + old[place + 1 :]
    return (*old[:place], (name, draw(_changed_member(one))), *old[place + 1 :])


@st.composite
def _changed_member(draw: st.DrawFn, one: Member) -> Member:
    kind = one.kind
    if kind.name == "part" and draw(st.booleans()):
        return replace(one, kind=replace(kind, inside=draw(_changed_once(kind.inside))))
    words_or_kind = [replace(one, words="Said better."), replace(one, kind=draw(kinds()))]
    words_or_kind.append(replace(one, kind=replace(kind, name=draw(st.sampled_from(KINDS[:-1])))))
    missing = [replace(one, optional=not one.optional), replace(one, last_default=True)]
    within = [replace(one, kind=replace(kind, **change)) for change in _within(kind)]
    return draw(st.sampled_from([*within, *missing, *words_or_kind]))


def _within(kind: Kind) -> Iterator[dict[str, Any]]:
    """What may change of a kind that stays: only what bears on it."""
    if kind.name in ("integer", "text", "list"):
        yield from ({"low": low} for low in (None, 0, 2) if low != kind.low)
        yield from ({"high": high} for high in (None, 5, 9) if high != kind.high)
    if kind.name in ("choice", "list"):
        yield from ({"choices": (*kind.choices, c)} for c in CHOICES if c not in kind.choices)
        yield from ({"choices": tuple(kind.choices[:n])} for n in range(1, len(kind.choices)))
    yield {"nullable": not kind.nullable}
