"""The library's R4B models are R4's for what is taken here: element by element, against another's.

`fhirclient` was generated from R4 (4.0.1) by other people; its models say for each element whether
it repeats and whether it is required.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from typing import Any

import fhirclient.models
import pytest

from services.interop.fhir.model import TAKEN
from services.interop.fhir.shapes import elements_of, model_of

KINDS = sorted({*TAKEN, "Bundle", "MessageHeader"})

# R4B's extension values that shapes.py leaves out; the models lack valueMeta, which stays refused.
KNOWN_DIFFERENCES = {("Extension", "valueMeta")}


def r4_models() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for module in pkgutil.iter_modules(fhirclient.models.__path__):
        if not module.name.endswith(("_test", "_tests")):
            loaded = importlib.import_module(f"fhirclient.models.{module.name}")
            found |= dict(inspect.getmembers(loaded, inspect.isclass))
    return found


R4 = r4_models()


def types_within(kind: str, seen: set[str]) -> set[str]:
    """A type, and every type that its elements have."""
    if kind in seen or model_of(kind) is None:
        return seen
    seen.add(kind)
    for element in elements_of(kind).values():
        if element.model is not None and element.model not in ("Resource", "Element"):
            types_within(element.model, seen)
    return seen


def is_required(kind: str, name: str) -> bool:
    model = model_of(kind)
    assert model is not None
    for field_name, field in model.model_fields.items():
        if (field.alias or field_name) == name:
            extra = field.json_schema_extra
            told = dict(extra) if isinstance(extra, dict) else {}
            return field.is_required() or bool(
                told.get("element_required") or told.get("one_of_many_required")
            )
    raise LookupError(name)


@pytest.mark.parametrize("kind", KINDS)
def test_elements_repetition_and_necessity_are_r4s(kind: str) -> None:
    compared = 0
    for name in types_within(kind, set()):
        ours = {n: e for n, e in elements_of(name).items() if not n.startswith("_")}
        theirs = {p[1]: (p[3], bool(p[5])) for p in R4[name]().elementProperties()}
        differing = {(name, n) for n in ours.keys() ^ theirs.keys() if n != "resourceType"}
        assert differing <= KNOWN_DIFFERENCES
        for element in ours.keys() & theirs.keys():
            mine = ours[element].many, is_required(name, element)
            assert mine == theirs[element], f"{name}.{element}"
            compared += 1
    assert compared > 50


def test_every_code_with_a_list_has_it_whole() -> None:
    """A list that ends in + is cut short in the models; shapes.py knows the rest of those."""
    for kind in types_within_all():
        for name, element in elements_of(kind).items():
            assert "+" not in (element.codes or ()), f"{kind}.{name}"


def types_within_all() -> set[str]:
    found: set[str] = set()
    for kind in KINDS:
        types_within(kind, found)
    return found


def test_what_is_read_of_the_models_is_what_they_say() -> None:
    """The table is read from annotations: a kind that it does not know would pass unchecked."""
    known = {"object", "text", "boolean", "integer", "decimal"}
    for kind in types_within_all():
        for name, element in elements_of(kind).items():
            assert element.json in known
            if element.json == "object":
                assert model_of(str(element.model)) is not None, f"{kind}.{name}"
