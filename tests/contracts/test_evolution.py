"""The checker says what real readers find: whether old and new contracts read each other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from libs.events.catalogue.breaking import Hurt, Refusal, breaking_changes
from libs.events.catalogue.schemas import schema_of
from libs.events.contracts import Event
from tests.contracts.evolving import Members, added, changed, contract_of, instances_of, members
from tests.contracts.test_goldens import lost

Instance = dict[str, Any]
loaded = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


class Version:
    """A contract as it is at one time, and its two kinds of readers."""

    def __init__(self, made_of: Members) -> None:
        self.contract: type[Event] = contract_of(made_of)
        self.schema = schema_of(self.contract)
        self.instances = list(instances_of(made_of))
        self._validator = Draft202012Validator(
            self.schema, format_checker=Draft202012Validator.FORMAT_CHECKER
        )
        for said in self.instances:
            self.contract.model_validate_json(json.dumps(said))

    def read(self, said: Instance) -> Instance | None:
        """What a consumer makes of it; None where it cannot."""
        try:
            event = self.contract.model_validate_json(json.dumps(said), extra="ignore")
        except ValidationError:
            event = None
        by_schema = self._validator.is_valid(said)
        assert by_schema == (event is not None), "contract and published schema judge alike"
        return event and json.loads(event.model_dump_json())

    def refuses(self, other: Version) -> list[Instance]:
        return [said for said in other.instances if self.read(said) is None]


def misread(reader: Version, writer: Version) -> Iterator[str]:
    """What both know and the reader takes for something else; what it does not know it drops."""
    for said in writer.instances:
        understood = reader.read(said)
        assert understood is not None
        written = json.loads(
            writer.contract.model_validate_json(json.dumps(said)).model_dump_json()
        )
        yield from lost(_known(written, understood), understood)


def _known(written: Any, understood: Any) -> Any:
    """What was written, without the fields that the reader has not."""
    if isinstance(written, dict) and isinstance(understood, dict):
        return {n: _known(v, understood[n]) for n, v in written.items() if n in understood}
    return written


def verdict(old: Version, new: Version) -> list[Refusal]:
    found = list(breaking_changes(old.schema, new.schema))
    note(f"{[str(refusal) for refusal in found]}")
    return found


@settings(loaded, max_examples=250)
@given(st.data())
def test_what_is_allowed_is_read_both_ways_and_what_is_refused_has_a_counterexample(
    data: st.DataObject,
) -> None:
    made_of = data.draw(members())
    old, new = Version(made_of), Version(data.draw(changed(made_of)))
    refusals = verdict(old, new)
    hurts = {refusal.hurt for refusal in refusals}
    old_fails, new_fails = old.refuses(new), new.refuses(old)
    if Hurt.OLD_READER in hurts:
        assert old_fails
    if Hurt.NEW_READER in hurts:
        assert new_fails
    if Hurt.EITHER in hurts:
        assert old_fails or new_fails
    if hurts <= {Hurt.MEANING}:
        assert not old_fails
        assert not new_fails
    if not hurts:
        assert not list(misread(old, new))
        assert not list(misread(new, old))


@settings(loaded, max_examples=40)
@given(st.data())
def test_steps_that_are_allowed_add_up_to_one_that_is(data: st.DataObject) -> None:
    """Transitive: any two of a version's schemas, however many steps lie between them."""
    made_of = data.draw(members())
    history = [Version(made_of)]
    for _ in range(2):
        made_of = data.draw(added(made_of))
        history.append(Version(made_of))
        assert verdict(history[-2], history[-1]) == []
    for one in history:
        for other in history:
            assert not list(misread(one, other))
    assert verdict(history[0], history[-1]) == []
