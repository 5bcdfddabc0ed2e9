"""What FHIR R4 says of a resource's elements, as the library `fhir.resources` has it.

The library's R4B models are R4's for every type that is taken here, see docs/decisions/0013; the
difference, two kinds of extension value, is left out below. `check.py` walks a resource by these
tables, which are made once of each type.
"""

from __future__ import annotations

import types
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from fhir.resources.R4B import get_fhir_model_class
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from services.interop.fhir.values import ACCEPTS, Accepts

Model = type[BaseModel]
Json = Literal["object", "text", "boolean", "integer", "decimal"]

_R4B_ONLY = frozenset({"valueCodeableReference", "valueRatioRange"})
_CODES_BEYOND_THE_LIST = {"Encounter.status", "EncounterStatusHistory.status"}
"""Their list in the models is cut short; these two codes are the rest of it."""
_REST_OF_THE_LIST = frozenset({"entered-in-error", "unknown"})


@dataclass(frozen=True, slots=True)
class Element:
    """One element: how it is written, and what it may hold."""

    json: Json
    kind: str
    """The FHIR type: Reference, CodeableConcept, Date, Id …; Resource for contained ones."""
    many: bool
    model: str | None
    """The name of the type of an object."""
    codes: frozenset[str] | None
    """Of a code with a required binding."""
    targets: frozenset[str] | None
    """Resource types that a Reference may point at; None: any."""
    types: tuple[type, ...]
    """What JSON of this element is read as."""
    accepts: Accepts | None
    """Of a primitive; None: whatever has one of the types."""
    required: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """An element of which one type is chosen, such as deceased[x]."""

    names: frozenset[str]
    required: bool


@dataclass(frozen=True, slots=True)
class Shape:
    """What an object of a type has to be made of."""

    elements: dict[str, Element]
    """By their JSON names, `_birthDate` among them."""
    required: tuple[str, ...]
    choices: tuple[Choice, ...]


@cache
def model_of(name: str) -> Model | None:
    """The library's model of a type; None where R4 has none."""
    try:
        return get_fhir_model_class(name)
    except ValueError:
        return None


def elements_of(name: str) -> dict[str, Element]:
    return shape_of(name).elements


@cache
def shape_of(name: str) -> Shape:
    model = model_of(name)
    assert model is not None
    elements: dict[str, Element] = {}
    choices: dict[str, list[str]] = {}
    needed: set[str] = set()
    for field_name, field in model.model_fields.items():
        alias = field.alias or field_name
        if alias in _R4B_ONLY or alias in ("fhir_comments", "resource_type"):
            continue
        extra: dict[str, Any] = field.json_schema_extra if isinstance(
            field.json_schema_extra, dict
        ) else {}  # fmt: skip
        elements[alias] = _element(f"{name}.{alias}", field, extra)
        choice = extra.get("one_of_many")
        if choice is not None:
            choices.setdefault(choice, []).append(alias)
            needed |= {choice} if extra.get("one_of_many_required") else set()
    return Shape(
        elements,
        tuple(alias for alias, element in elements.items() if element.required),
        tuple(Choice(frozenset(names), one in needed) for one, names in choices.items()),
    )


def _element(path: str, field: FieldInfo, extra: dict[str, Any]) -> Element:
    many, python_type, kind = _read(field.annotation)
    codes = extra.get("enum_values") if kind == "Code" else None
    if codes is not None and path in _CODES_BEYOND_THE_LIST:
        codes = (set(codes) - {"+"}) | _REST_OF_THE_LIST
    targets = extra.get("enum_reference_types")
    json = _JSON.get(python_type, "text")
    allowed = frozenset[str](codes) if codes else None
    own = None if json == "object" else ACCEPTS[kind]
    return Element(
        json=json,
        kind=kind,
        many=many,
        model=kind if python_type == "object" else None,
        codes=allowed,
        targets=frozenset(targets) if targets and "Resource" not in targets else None,
        types=_TYPES[json],
        accepts=own if allowed is None else allowed.__contains__,
        required=field.is_required() or bool(extra.get("element_required")),
    )


_TYPES: dict[Json, tuple[type, ...]] = {
    "object": (dict,),
    "text": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "decimal": (Decimal, int),
}
_JSON: dict[str, Json] = {
    "object": "object",
    "bool": "boolean",
    "int": "integer",
    "Decimal": "decimal",
}


def _read(annotation: Any) -> tuple[bool, str, str]:
    """(is a list, Python type, FHIR type) of a field's annotation."""
    origin = get_origin(annotation)
    if origin is Annotated:
        base, *marks = get_args(annotation)
        return False, getattr(base, "__name__", "str"), type(marks[0]).__name__
    if origin in (Union, types.UnionType):
        inner = next(a for a in get_args(annotation) if a is not type(None))
        return _read(inner)
    if origin is list:
        _, python_type, kind = _read(get_args(annotation)[0])
        return True, python_type, kind
    name = str(getattr(annotation, "__name__", "str"))
    if name == "FHIRPrimitiveExtensionType":
        return False, "object", "Element"
    if name.endswith("Type"):
        return False, "object", name.removesuffix("Type")
    return False, name, name
