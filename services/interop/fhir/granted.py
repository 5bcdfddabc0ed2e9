"""What a request does, against what its sender was granted (SMART App Launch 2.2 §2.2).

A batch or a transaction is what its entries are. Each resource of a message may be created or
updated. What is passed over needs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from services.interop.fhir.model import TAKEN
from services.interop.fhir.operations import Operation, Request
from services.interop.fhir.versions import Change
from services.interop.messages.model import Refusal, RefusedError
from services.interop.smart.scopes import Scopes, refuse_scope


def check_asked(request: Request | RefusedError, scopes: Scopes) -> None:
    """Raises RefusedError with every entry that was not granted, whatever else is wrong.

    What cannot be read, or does nothing, is kept for a person: not from one who may only read.
    """
    if isinstance(request, RefusedError):
        _check_writes(scopes)
        return
    refusals = [
        refuse_scope(one.type, missing, one.where if one.entry else f"{one.place}.request.url")
        for one in request.operations
        if one.type in TAKEN and (missing := scopes.missing(one.type, _letters(one, request)))
    ]
    if refusals:
        raise RefusedError(*refusals)
    if not request.only_reads:
        _check_writes(scopes)


def check_done(changes: Sequence[Change], scopes: Scopes) -> None:
    """A resource that is created with the id of one that is kept would update that one."""
    refusals = [
        refuse_scope(one.type, "u", one.operation.where)
        for one in changes
        if one.effect == "updated" and scopes.missing(one.type, "u")
    ]
    if refusals:
        raise RefusedError(*refusals)


def _check_writes(scopes: Scopes) -> None:
    if not scopes.writes:
        fix = "ask the token endpoint for a scope that creates or updates"
        raise RefusedError(Refusal("insufficient_scope", "Bundle", fix))


def _letters(operation: Operation, request: Request) -> str:
    """A condition searches, and what it finds is answered."""
    if request.kind == "message":
        return "cu"
    if operation.method == "GET":
        return "r" if isinstance(operation.reads, str) else "s"
    written = "u" if operation.method == "PUT" else "c"
    return written if operation.criteria is None else f"{written}s"
