"""One-click unsubscription (RFC 8058): a POST without sign-in, by a token that does only this.

GET never unsubscribes (RFC 8058 §3.1: mail software fetches the links that it finds); it shows a
button to a person. Every unknown token answers alike.
"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException
from fastapi.responses import HTMLResponse

from libs.events.transport import Work
from libs.service.http import work_of
from services.engagement.consents import store
from services.engagement.consents.change import withdraw_consent
from services.engagement.consents.model import practice_of

routes = APIRouter(prefix="/unsubscribe", tags=["consents"])

OpenWork = Annotated[Work, Depends(work_of)]

HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; form-action 'self'",
}

ASK = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Reminders</title>
<h1>Stop reminders?</h1><p>You will get no more e-mail reminders from your practice.</p>
<p lang="es">No recibirá más recordatorios de su consultorio por correo electrónico.</p>
<form method="post"><input type="hidden" name="List-Unsubscribe" value="One-Click">
<button>Stop / Parar</button></form></html>"""

DONE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Reminders</title>
<h1>Done.</h1><p>You will get no more e-mail reminders.</p>
<p lang="es">No recibirá más recordatorios por correo electrónico.</p></html>"""


@routes.get("/{token}")
async def ask_to_unsubscribe(token: str, work: OpenWork) -> HTMLResponse:
    """A page with one button."""
    practice_id = _practice(token)
    async with work.unit_of_work(practice_id) as uow:
        if await store.find_by_token(uow.db, practice_id, token) is None:
            raise _unknown()
    return HTMLResponse(ASK, headers=HEADERS)


@routes.post("/{token}")
async def unsubscribe(token: str, work: OpenWork) -> HTMLResponse:
    """Withdraw the consent that the token stands for; again is fine. The body is not read."""
    practice_id = _practice(token)
    async with work.unit_of_work(practice_id) as uow:
        found = await store.find_by_token(uow.db, practice_id, token)
        if found is None:
            raise _unknown()
        await withdraw_consent(uow, *found, "one-click")
    return HTMLResponse(DONE, headers=HEADERS)


def _practice(token: str) -> UUID:
    practice_id = practice_of(token)
    if practice_id is None:
        raise _unknown()
    return practice_id


def _unknown() -> HTTPException:
    return HTTPException(404, "this link is not known")
