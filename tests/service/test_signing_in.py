"""People sign in with a password and get a session; what a browser may do with it."""

from __future__ import annotations

import time
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from libs.service.http import SESSION_COOKIE
from libs.service.operators import Operators
from tests.service.desk import Desk
from tests.service.people import ADMIN_KEY, PASSWORD, operators_file

FOREIGN = {"sec-fetch-site": "cross-site"}


async def sign_in(
    client: httpx.AsyncClient, password: str = PASSWORD, **more: str
) -> httpx.Response:
    return await client.post("/sign-in", data={"name": "dana", "password": password, **more})


async def test_the_right_password_opens_a_session_and_leads_on(desk: Desk) -> None:
    async with desk.client() as browser:
        answer = await sign_in(browser, next="/page")
        assert (answer.status_code, answer.headers["location"]) == (303, "/page")
        assert (await browser.get("/page")).text == "dana sees 0"


@pytest.mark.parametrize(("scheme", "secure"), [("http", False), ("https", True)])
async def test_no_script_can_read_the_session_cookie_and_no_other_site_send_it(
    desk: Desk, scheme: str, secure: bool
) -> None:
    async with desk.client(scheme=scheme) as browser:
        cookie = (await sign_in(browser)).headers["set-cookie"]
    flags = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert cookie.startswith(f"{SESSION_COOKIE}=")
    assert {"httponly", "samesite=lax", "path=/"} <= flags
    assert ("secure" in flags) is secure


@pytest.mark.parametrize(("name", "password"), [("dana", "wrong"), ("nobody", PASSWORD)])
async def test_a_wrong_password_and_an_unknown_name_are_refused_alike(
    desk: Desk, name: str, password: str
) -> None:
    async with desk.client() as browser:
        answer = await browser.post("/sign-in", data={"name": name, "password": password})
        refused = await sign_in(browser, "also wrong")
        assert answer.status_code == 401
        assert answer.text == refused.text
        assert "set-cookie" not in answer.headers
        assert password not in answer.text
        assert (await browser.get("/page")).status_code == 303


def test_an_unknown_name_takes_as_long_as_a_wrong_password(tmp_path: Path) -> None:
    operators = Operators.load(operators_file(tmp_path))

    def seconds(name: str) -> float:
        taken: list[float] = []
        for _ in range(7):
            began = time.perf_counter()
            assert operators.by_password(name, "wrong") is None
            taken.append(time.perf_counter() - began)
        return min(taken)

    assert 0.6 < seconds("nobody") / seconds("dana") < 1.6


async def test_a_page_leads_a_stranger_to_the_sign_in_page_and_back(desk: Desk) -> None:
    async with desk.client() as browser:
        answer = await browser.get("/page")
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/page")
        form = await browser.get(answer.headers["location"])
        assert 'name="next" value="/page"' in form.text


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.test/", "//evil.test", "/\\evil.test", "\\\\evil.test", "/\t/evil.test", "evil"],
)
async def test_signing_in_leads_nowhere_but_to_our_own_pages(desk: Desk, elsewhere: str) -> None:
    async with desk.client() as browser:
        answer = await sign_in(browser, next=elsewhere)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        form = await browser.get("/sign-in", params={"next": elsewhere})
        assert "evil" not in form.text


async def test_another_site_can_neither_sign_in_nor_out_nor_act(desk: Desk) -> None:
    async with desk.client() as browser:
        data = {"name": "dana", "password": PASSWORD}
        assert (await browser.post("/sign-in", data=data, headers=FOREIGN)).status_code == 403
        await sign_in(browser)
        note = {"note_id": str(uuid4()), "words": "hello"}
        for headers in (FOREIGN, {"sec-fetch-site": "same-site"}):
            assert (await browser.post("/notes", json=note, headers=headers)).status_code == 403
            assert (await browser.post("/sign-out", headers=headers)).status_code == 403
        # Some other scheme in the header is no key, and does not lift the check.
        disguised = FOREIGN | {"authorization": "Basic x"}
        assert (await browser.post("/notes", json=note, headers=disguised)).status_code == 403
        own = {"sec-fetch-site": "same-origin"}
        assert (await browser.post("/notes", json=note, headers=own)).status_code == 201


async def test_a_key_is_not_bound_to_a_page_of_ours(desk: Desk) -> None:
    async with desk.client(ADMIN_KEY) as machine:
        note = {"note_id": str(uuid4()), "words": "hello"}
        assert (await machine.post("/notes", json=note, headers=FOREIGN)).status_code == 201


async def test_signing_out_ends_the_session(desk: Desk) -> None:
    async with desk.client() as browser:
        await sign_in(browser)
        assert (await browser.post("/sign-out")).status_code == 303
        assert (await browser.get("/page")).status_code == 303


@pytest.mark.parametrize("token", ["", "x", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJkYW5hIn0."])
async def test_a_made_up_session_is_none(desk: Desk, token: str) -> None:
    async with desk.client() as browser:
        browser.cookies.set(SESSION_COOKIE, token)
        assert (await browser.get("/page")).status_code == 303


async def test_a_session_of_another_secret_is_none(desk: Desk) -> None:
    async with desk.client() as browser:
        await sign_in(browser)
        token = browser.cookies[SESSION_COOKIE]
    desk.settings = desk.settings.model_copy(
        update={"session_secret": type(desk.settings.session_secret)("t" * 32)}
    )
    async with desk.client() as browser:
        browser.cookies.set(SESSION_COOKIE, token)
        assert (await browser.get("/page")).status_code == 303


async def test_without_a_secret_of_32_characters_nobody_gets_a_session(desk: Desk) -> None:
    desk.settings = desk.settings.model_copy(
        update={"session_secret": type(desk.settings.session_secret)("short")}
    )
    async with desk.client() as browser:
        assert (await sign_in(browser)).status_code == 401
