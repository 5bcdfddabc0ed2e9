"""The message store in the browser: what came, what became of it, and what can be done about it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from asyncpg import Record
from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from libs.events.transport import UnitOfWork
from libs.service.http import read_uow
from libs.service.operators import Caller
from services.interop.connections.store import find_connection, list_connections
from services.interop.inbox import store
from services.interop.inbox.filters import Filters, Place, read_place
from services.interop.inbox.routing import PageCaller, PageRoute, PageUow, templates
from services.interop.inbox.settings import InboxSettings
from services.interop.inbox.views import Row, counted, load_visits, name_of
from services.interop.messages import store as messages
from services.interop.messages.model import RefusedError
from services.interop.messages.reprocess import NotTakenAgainError, foresee_again, reprocess
from services.interop.messages.story import tell_story
from services.interop.writeback.resend import resend

PAGE = 50

routes = APIRouter(include_in_schema=False, route_class=PageRoute)


@routes.get("/")
async def go_to_messages() -> Response:
    return RedirectResponse("/inbox", 303)


@routes.get("/inbox")
async def show_practices(request: Request, caller: PageCaller) -> Response:
    """Whose messages to look at; of somebody with one practice, at once."""
    names = await _practices(request, caller)
    if len(names) == 1:
        return RedirectResponse(f"/inbox/{next(iter(names))}", 303)
    return templates.render("practices.html", caller=caller.name, practices=names)


@routes.get("/inbox/{practice_id}")
async def show_messages(
    practice_id: UUID, request: Request, caller: PageCaller, uow: PageUow
) -> Response:
    """The newest first; the address holds the filters, so a list can be passed on."""
    filters, after = Filters.read(request.query_params), read_place(request.query_params)
    connections = {
        one.connection_id: name_of(one) for one in await list_connections(uow.db, practice_id)
    }
    found = await store.list_inbox(uow.db, practice_id, filters, after, PAGE + 1)
    rows = [Row.of(row, connections) for row in found[:PAGE]]
    older = Place(rows[-1].received_at, rows[-1].message_id) if len(found) > PAGE else None
    return templates.render(
        "messages.html",
        caller=caller.name,
        practice_id=practice_id,
        practice=await _name(practice_id, uow),
        filters=filters,
        connections=connections,
        rows=rows,
        is_first=after is None,
        first=filters.query(),
        older=None if older is None else filters.query(older),
    )


@routes.get("/inbox/{practice_id}/{message_id}")
async def show_message(
    practice_id: UUID, message_id: UUID, caller: PageCaller, uow: PageUow
) -> Response:
    return await _show(await _find(message_id, uow), caller, uow)


@routes.post("/inbox/{practice_id}/{message_id}/read")
async def show_values(
    practice_id: UUID,
    message_id: UUID,
    caller: PageCaller,
    uow: PageUow,
    reason: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """What a message says: data about a person. Who looks, and what for, is kept."""
    row = await _find(message_id, uow)
    if len(reason.strip()) < 3:
        return await _show(row, caller, uow, status=422, missing_reason=True)
    await messages.add_access(uow, message_id, by=caller.name, reason=reason.strip())
    return await _show(row, caller, uow, values=True)


@routes.get("/inbox/{practice_id}/{message_id}/again")
async def show_again(
    practice_id: UUID, message_id: UUID, caller: PageCaller, uow: PageUow
) -> Response:
    """What taking it again would lead to, before anybody does."""
    if not caller.may_act:
        raise HTTPException(403, "viewers only look")
    row = await _find(message_id, uow)
    try:
        foreseen = await foresee_again(message_id, uow)
    except NotTakenAgainError as error:
        raise HTTPException(409, str(error)) from None
    return templates.render(
        "again.html",
        caller=caller.name,
        practice_id=practice_id,
        message=row,
        foreseen=foreseen,
        would_become=counted(foreseen.events),
    )


@routes.post("/inbox/{practice_id}/{message_id}/again")
async def take_again(practice_id: UUID, message_id: UUID, uow: PageUow) -> Response:
    await _find(message_id, uow)
    try:
        await reprocess(message_id, uow)
    except NotTakenAgainError as error:
        raise HTTPException(409, str(error)) from None
    return RedirectResponse(f"/inbox/{practice_id}/{message_id}?again=done", 303)


@routes.post("/inbox/{practice_id}/{message_id}/told/{connection_id}/{number}")
async def tell_again(
    practice_id: UUID, message_id: UUID, connection_id: UUID, number: int, uow: PageUow
) -> Response:
    """Tell the EHR again what it refused to be told of a claim."""
    connection = await find_connection(uow.db, practice_id, connection_id)
    try:
        if connection is None or not await resend(connection, number, uow):
            raise HTTPException(404, "there is no such message")
    except RefusedError as refused:
        raise HTTPException(409, refused.refusals[0].fix) from None
    return RedirectResponse(f"/inbox/{practice_id}/{message_id}", 303)


async def _show(
    row: Record,
    caller: Caller,
    uow: UnitOfWork,
    *,
    values: bool = False,
    missing_reason: bool = False,
    status: int = 200,
) -> Response:
    story = await tell_story(row, uow, values=values)
    connection = await find_connection(uow.db, uow.practice_id, story.connection_id)
    assert connection is not None
    return templates.render(
        "message.html",
        status,
        caller=caller.name,
        may_act=caller.may_act,
        practice_id=uow.practice_id,
        practice=await _name(uow.practice_id, uow),
        story=story,
        connection=connection,
        connection_name=name_of(connection),
        became=counted(event.event_type for event in story.events),
        visits=await load_visits(uow.db, uow.practice_id, story.message_id),
        trace_href=InboxSettings().trace_href(story.trace_id),
        missing_reason=missing_reason,
    )


async def _find(message_id: UUID, uow: UnitOfWork) -> Record:
    row = await messages.show_message(uow.db, uow.practice_id, message_id)
    if row is None:
        raise HTTPException(404, "there is no such message")
    return row


async def _practices(request: Request, caller: Caller) -> dict[UUID, str]:
    """The caller's practices by name; those whose name was not heard too."""
    async with read_uow(request, []) as db:
        known = await store.list_practices(db)
    own: dict[UUID, str | None] = dict.fromkeys(caller.practices or ())
    return {
        practice_id: name or _unnamed(practice_id)
        for practice_id, name in {**own, **known}.items()
        if caller.may_see(practice_id)
    }


async def _name(practice_id: UUID, uow: UnitOfWork) -> str:
    known = await store.list_practices(uow.db)
    return known.get(practice_id) or _unnamed(practice_id)


def _unnamed(practice_id: UUID) -> str:
    return f"Practice {str(practice_id)[:8]}"
