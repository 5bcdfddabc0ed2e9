"""A pasted text, inspected as what it is: HL7 v2, a FHIR bundle, or CloudEvents."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from services.interop.inspect.fhir import inspect_fhir
from services.interop.inspect.hl7 import inspect_hl7
from services.interop.inspect.model import Issue, UnreadableError
from services.interop.messages.model import Refusal, RefusedError
from services.interop.messages.receive import refusals_of
from services.interop.mllp.batches import split_messages
from services.interop.mllp.tree import SegmentView, tree_of
from services.interop.partners.model import TAKEN, read_batch, read_object, read_structured

NEW_YORK = "America/New_York"


@dataclass(frozen=True, slots=True)
class Line:
    """Where something is wrong, and the fix."""

    where: str
    fix: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """One message, bundle or event."""

    name: str
    about: str
    code: str
    """AA, AE or AR of an HL7 v2 message; empty of others."""
    is_taken: bool
    reasons: tuple[Line, ...]
    events: tuple[tuple[str, int], ...]
    """Types, each with how many follow one another."""
    segments: tuple[SegmentView, ...] = ()
    resources: tuple[tuple[str, int], ...] = ()

    @property
    def wrong_fields(self) -> frozenset[str]:
        """`FT1-25` for `FT1[2]-25` and for `FT1-25.1`: the fields to look at."""
        return frozenset(re.sub(r"\[\d+\]|\..*", "", reason.where) for reason in self.reasons)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a pasted text is, and what would become of it."""

    kind: str
    verdicts: tuple[Verdict, ...]
    to_map: tuple[str, ...] = ()

    @property
    def taken(self) -> int:
        return sum(verdict.is_taken for verdict in self.verdicts)


def check(text: str) -> Checked:
    """Raises UnreadableError, which says what to do."""
    raw = text.encode("utf-8", "replace")
    if not text.strip():
        raise UnreadableError("paste a message first")
    if text.lstrip("\ufeff \t\r\n")[:1] not in ("{", "["):
        return _hl7(raw)
    try:
        found: Any = json.loads(raw)
    except (ValueError, RecursionError):
        raise UnreadableError(
            "this begins like JSON but is not well-formed (RFC 8259); copy all of it"
        ) from None
    if isinstance(found, list) or "specversion" in found:
        return Checked("CloudEvents 1.0", tuple(_events(raw, isinstance(found, list))))
    return _fhir(raw)


def _hl7(raw: bytes) -> Checked:
    inspection = inspect_hl7("pasted", raw, profile=None, time_zone=NEW_YORK)
    verdicts = tuple(
        Verdict(
            name=message.type or "no message type",
            about=f"{message.control_id or 'no control id'} · version {message.version or 'none'}",
            code=message.ack,
            is_taken=message.ack == "AA",
            reasons=tuple(
                Line(reason.field or reason.segment or "message", reason.message)
                for reason in message.reasons
            ),
            events=_runs(message.events),
            segments=tree_of(written, values=True),
        )
        for message, written in zip(
            inspection.found.messages, split_messages(raw).messages, strict=True
        )
    )
    return Checked("HL7 v2", verdicts, tuple(inspection.to_map.lines()))


def _fhir(raw: bytes) -> Checked:
    inspection = inspect_fhir("pasted", raw, profile=None, time_zone=NEW_YORK)
    found = inspection.found
    verdict = Verdict(
        name="Bundle",
        about=f"{sum(found.resources.values())} resources, taken together or not at all",
        code="",
        is_taken=found.is_accepted,
        reasons=tuple(Line(issue.expression, issue.message) for issue in found.refused),
        events=tuple(found.events.items()),
        resources=tuple(found.resources.items()),
    )
    return Checked("FHIR R4", (verdict,), tuple(inspection.to_map.lines()))


def _events(raw: bytes, is_batch: bool) -> list[Verdict]:
    try:
        found = read_batch(raw) if is_batch else [None]
    except RefusedError as refused:
        return [_event_verdict("batch", "", refused.refusals)]
    return [_event(raw, one) for one in found]


def _event(raw: bytes, one: Any) -> Verdict:
    """By its contract alone: what it must come after (a patient's registration) is not known."""
    try:
        told = read_structured(raw) if one is None else read_object(one)
    except RefusedError as refused:
        return _event_verdict("event", "", refused.refusals)
    contract = TAKEN.get(told.type)
    if contract is None:
        fix = f"types taken here: {', '.join(sorted(TAKEN))}"
        return _event_verdict(told.type, told.id, (Refusal("unknown-type", "type", fix),))
    try:
        contract.model_validate_json(told.data)
    except ValidationError as error:
        return _event_verdict(told.type, told.id, refusals_of(error, "data"))
    return _event_verdict(told.type, told.id, ())


def _event_verdict(name: str, about: str, refusals: tuple[Refusal, ...]) -> Verdict:
    issues = [Issue.of(refusal) for refusal in refusals]
    return Verdict(
        name=name,
        about=about,
        code="",
        is_taken=not refusals,
        reasons=tuple(Line(issue.expression, issue.message) for issue in issues),
        events=() if refusals else ((name, 1),),
    )


def _runs(kinds: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
    runs: list[tuple[str, int]] = []
    for kind in kinds:
        if runs and runs[-1][0] == kind:
            runs[-1] = (kind, runs[-1][1] + 1)
        else:
            runs.append((kind, 1))
    return tuple(runs)
