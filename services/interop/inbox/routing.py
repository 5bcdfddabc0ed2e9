"""Routes of pages: who looks, in whose practice; whatever goes wrong is said on a page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from libs.events.transport import UnitOfWork
from libs.events.transport.keys import KeyErasedError, KeyUnavailableError
from libs.service.http import find_caller, refuse_foreign_origin, signed_in, work_of
from libs.service.operators import Caller
from services.interop.inbox.filters import NotUnderstoodError
from services.interop.pages.render import Templates

templates = Templates(Path(__file__).parent / "templates")

_TITLES = {
    403: "Not allowed",
    404: "Not found",
    409: "Not done",
    410: "Gone",
    413: "Too large",
    422: "Not understood",
    503: "Not possible now",
}

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class PageRoute(APIRoute):
    """A route whose refusals are pages, in place of problem+json."""

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except HTTPException as error:
                return _refused(request, error.status_code, str(error.detail))
            except RequestValidationError:
                return _refused(request, 404, "there is no such page")
            except NotUnderstoodError as error:
                return _refused(request, 422, str(error))
            except KeyErasedError:
                return _refused(request, 410, "the practice's key was erased: nobody can read this")
            except KeyUnavailableError:
                return _refused(request, 503, "the practice's data key is missing here")

        return answer


def _refused(request: Request, status: int, text: str) -> Response:
    caller = find_caller(request)
    return templates.render(
        "refused.html",
        status,
        caller=caller.name if caller else "",
        title=_TITLES.get(status, "Not done"),
        text=f"{text[0].upper()}{text[1:]}.",
    )


PageCaller = Annotated[Caller, Depends(signed_in)]


async def open_page(
    practice_id: UUID, request: Request, caller: PageCaller
) -> AsyncIterator[UnitOfWork]:
    """A unit of work in the practice of the address; viewers and other sites do not act."""
    if request.method not in ("GET", "HEAD"):
        refuse_foreign_origin(request)
        if not caller.may_act:
            raise HTTPException(403, "viewers only look")
    if not caller.may_see(practice_id):
        raise HTTPException(404, "there is no such practice")
    async with work_of(request).unit_of_work(practice_id) as uow:
        yield uow


PageUow = Annotated[UnitOfWork, Depends(open_page, scope="function")]
"""It commits before the answer leaves, as `Uow` of the JSON API does."""
