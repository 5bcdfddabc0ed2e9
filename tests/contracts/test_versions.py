"""Old versions stay readable: what the chain of upcasters must be, and what they may not do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.events.contracts import Event, Topic, is_latest, topics_of, upcaster, with_older
from libs.events.contracts.base import name_and_version
from libs.events.transport.effects import types_of
from libs.events.transport.faults import UnreadableEventError
from libs.events.transport.service import heard_by
from tests.contracts.canonical import wire_of
from tests.contracts.goldens import Golden
from tests.contracts.test_goldens import parse
from tests.contracts.throwaway import TOPIC, made

PRACTICE = UUID("6f6a1a51-3c1b-4b53-8a55-000000000001")
THING = UUID("6f6a1a51-3c1b-4b53-8a55-000000000002")


def version(kind: str, topic: Topic = TOPIC, **fields: Any) -> Any:
    """A version of an event of this test; its fields besides the key."""
    body = {"type": kind, "topic": topic, "key": "thing_id"}
    return made(f"Thing_{kind}", Event, {"thing_id": UUID, **fields}, body)


def lifting(old: type[Event], new: type[Event], **changes: Any) -> Callable[[Any], Event]:
    """An upcaster, not registered yet: it keeps what both versions have, but for these."""

    def lift(event: Any) -> Any:
        kept = {n: getattr(event, n) for n in new.model_fields if hasattr(event, n)}
        return new.model_validate(kept | changes)

    lift.__annotations__ = {"event": old, "return": new}
    lift.__qualname__ = f"lift_{old.type}_to_{new.type}_{sorted(changes)}"
    return lift


def read(event: Event) -> Event:
    golden = wire_of(event)
    return parse(Golden(event.type, 1, golden))


V1 = version("workshop.thing-named.v1", name=str)
V2 = version("workshop.thing-named.v2", name=str, size=int)
V3 = version("workshop.thing-named.v3", Topic("workshop.named"), name=str, size=str)
upcaster(lifting(V1, V2, size=7))
upcaster(lifting(V2, V3, size="7"))


def test_an_old_event_is_read_as_the_latest_and_keeps_its_id() -> None:
    old = V1(practice_id=PRACTICE, thing_id=THING, name="a").with_event_id(uuid4())
    lifted = read(old)
    assert type(lifted) is V3
    assert lifted.event_id == old.event_id
    assert lifted.model_dump() == {**old.model_dump(), "size": "7"}
    latest = V3(practice_id=PRACTICE, thing_id=THING, name="a", size="9")
    assert read(latest).model_dump() == latest.model_dump()


def test_whoever_hears_the_latest_takes_every_version_from_every_topic_of_them() -> None:
    assert with_older([V3]) == {V1, V2, V3}
    assert types_of([V3]) == {V1.type, V2.type, V3.type}
    assert topics_of([V3]) == sorted((V3.topic, TOPIC), key=lambda t: t.name)
    assert [is_latest(v) for v in (V1, V2, V3)] == [False, False, True]


def test_a_handler_of_an_old_version_is_refused() -> None:
    def handle(event: Any) -> None: ...

    handle.__annotations__ = {"event": V2}
    with pytest.raises(TypeError, match=r"v2, which has a later version"):
        heard_by(handle)


def chain(name: str, *numbers: int) -> list[Any]:
    return [version(f"workshop.{name}.v{n}", name=str) for n in numbers]


def test_an_upcaster_leads_to_the_next_version_and_nowhere_else() -> None:
    one, two, three = chain("thing-led", 1, 2, 3)
    [other] = chain("thing-other", 2)
    upcaster(lifting(one, two))
    for old, new in ((two, one), (two, two), (one, three), (two, other)):  # two of them are cycles
        with pytest.raises(TypeError, match="an upcaster leads to the next version, workshop"):
            upcaster(lifting(old, new))


def test_two_upcasters_of_one_version_are_refused() -> None:
    one, two = chain("thing-doubled", 1, 2)
    upcaster(lifting(one, two))
    upcaster(lifting(one, two))  # the same one, imported anew
    with pytest.raises(TypeError, match=r"doubled\.v1 has two upcasters"):
        upcaster(lifting(one, two, name="x"))


def test_a_version_that_nothing_lifts_is_refused() -> None:
    one, two, three = chain("thing-stuck", 1, 2, 3)
    upcaster(lifting(one, two))
    with pytest.raises(TypeError, match=r"stuck\.v2 has no upcaster; one must lift it to .*\.v3"):
        with_older([three])


def test_a_version_that_is_gone_is_refused() -> None:
    one, three = chain("thing-gone", 1, 3)
    with pytest.raises(TypeError, match=r"gone\.v2 has no contract, but .*\.v3 has"):
        topics_of([three])
    assert not is_latest(one)


@pytest.mark.parametrize("hints", [{}, {"event": V1}, {"event": str, "return": V2}])
def test_what_is_not_annotated_as_an_upcaster_is_refused(hints: dict[str, Any]) -> None:
    def lift(event: Any) -> Any: ...

    lift.__annotations__ = hints
    with pytest.raises(TypeError, match="is annotated with an event and what it becomes"):
        upcaster(lift)


@pytest.mark.parametrize("change", ["practice_id", "thing_id"])
def test_an_upcaster_that_changes_practice_or_key_is_refused(change: str) -> None:
    one, two = chain(f"thing-{change.replace('_', '-')}-changed", 1, 2)
    upcaster(lifting(one, two, **{change: uuid4()}))
    with pytest.raises(UnreadableEventError, match="changes the practice or the key"):
        read(one(practice_id=PRACTICE, thing_id=THING, name="a"))


def test_an_upcaster_that_fails_is_named_without_what_it_failed_on() -> None:
    one, two = chain("thing-failing", 1, 2)
    upcaster(lifting(one, two, name=5))
    with pytest.raises(UnreadableEventError) as refused:
        read(one(practice_id=PRACTICE, thing_id=THING, name="secret"))
    said = str(refused.value)
    assert said == (
        "the upcaster of workshop.thing-failing.v1 failed: ValidationError: name: string_type"
    )


@pytest.mark.parametrize("kind", ["thing", "workshop.thing-made", "workshop.made.v0", "a b.v1"])
def test_a_type_without_name_and_version_is_refused(kind: str) -> None:
    with pytest.raises(TypeError, match=r"an event's type is SERVICE\.NOUN-VERB\.vN"):
        name_and_version(kind)
