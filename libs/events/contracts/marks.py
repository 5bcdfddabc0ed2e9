"""Which fields of a contract hold data about a person, nested values and lists included.

A mark stands in a field's annotation, `Annotated[str, PHI]`, or in that of a list's items. What
follows from it (encryption, redaction, the schema) asks `marks_of`, which looks once a class.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import Annotated, Any, TypeAlias, Union, get_args, get_origin

from pydantic import BaseModel


@dataclass(frozen=True, slots=True)
class Marked:
    """Marks a field as data about a person.

    `phi`: protected health information (45 CFR 160.103). `personal`: data about staff.
    """

    kind: str


PHI = Marked("phi")
PERSONAL = Marked("personal")


@dataclass(frozen=True, slots=True)
class Items:
    """A list whose items hold marks."""

    each: Marks


Marks: TypeAlias = "Marked | Items | Mapping[str, Marks]"
"""Where the marks are: here, in each item, or in these fields."""


@cache
def marks_of(model: type[BaseModel]) -> Mapping[str, Marks]:
    """A model's marks by field; empty where it has none.

    Raises TypeError for marks that cannot be followed: in a mapping, in one alternative of two,
    or in a value that holds its own kind. There, the whole field is to be marked.
    """
    return _Walk((), set()).into(model)


def marked_paths(model: type[BaseModel]) -> Iterator[tuple[str, Marked]]:
    """The dotted paths of a contract's marked fields with their marks; `[]`: a list's items."""
    for name, marks in marks_of(model).items():
        yield from _paths(marks, name)


def _paths(marks: Marks, at: str) -> Iterator[tuple[str, Marked]]:
    if isinstance(marks, Marked):
        yield at, marks
    elif isinstance(marks, Items):
        yield from _paths(marks.each, f"{at}[]")
    else:
        for name, inner in marks.items():
            yield from _paths(inner, f"{at}.{name}")


@dataclass(frozen=True, slots=True)
class _Walk:
    """The way down to here, and the models that were met again on it."""

    above: tuple[type, ...]
    again: set[type]

    def into(self, model: type[BaseModel]) -> Mapping[str, Marks]:
        if model in self.above:
            self.again.add(model)
            return {}
        model.model_rebuild()  # does nothing for a model that is complete
        below = _Walk((*self.above, model), self.again)
        found: dict[str, Marks] = {}
        for name, field in model.model_fields.items():
            marks = _marked(field.metadata) or below.through(field.annotation)
            if marks is not None:
                found[name] = marks
        if found and model in self.again:
            raise TypeError(f"{model.__name__} holds its own kind: mark the whole field")
        return found

    def through(self, annotation: Any) -> Marks | None:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            return self.into(annotation) or None
        named = getattr(annotation, "__value__", None) or getattr(
            annotation, "__supertype__", None
        )  # `type X = …` and NewType
        if named is not None:
            return self.through(named)
        origin, arguments = get_origin(annotation), get_args(annotation)
        if origin is Annotated:
            return _marked(arguments[1:]) or self.through(arguments[0])
        if origin in (Union, UnionType):
            values = [a for a in arguments if a is not type(None)]
            return _agreed([self.through(value) for value in values], annotation)
        return self._through_list(annotation, origin, arguments)

    def _through_list(
        self, annotation: Any, origin: Any, arguments: tuple[Any, ...]
    ) -> Marks | None:
        inside = [self.through(argument) for argument in arguments if argument is not ...]
        if all(marks is None for marks in inside):
            return None
        is_list = isinstance(origin, type) and issubclass(origin, Collection)
        if not is_list or issubclass(origin, Mapping):
            raise TypeError(f"{annotation}: its marks cannot be followed; mark the whole field")
        each = _agreed(inside, annotation)
        return Items(each) if each is not None else None


def _agreed(found: list[Marks | None], annotation: Any) -> Marks | None:
    if any(marks != found[0] for marks in found):
        raise TypeError(f"{annotation}: its alternatives differ in marks; mark the whole field")
    return found[0]


def _marked(metadata: Iterable[Any]) -> Marked | None:
    return next((mark for mark in metadata if isinstance(mark, Marked)), None)
