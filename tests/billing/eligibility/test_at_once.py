"""A payer that answers at once is asked over HTTP; where that fails, by file like the others."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from libs.events.contracts.billing_eligibility import CoverageVerified
from libs.events.examples.interop import PATIENT, patient_registered
from libs.local.payer.at_once import answering_at_once
from libs.local.payer.coverage import read_enquiries
from services.billing.eligibility.store import coverage_on
from services.billing.outside.post import LARGEST_ANSWER
from tests.billing.desk import Desk
from tests.billing.eligibility.asking import COVERED, ask, files, get, hear, inquiry_id, written


@contextmanager
def door(status: int, body: bytes) -> Iterator[str]:
    """A payer whose real-time system answers this, whatever it is asked."""

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Not on the test's output."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


async def ask_at(desk: Desk, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BILLING_INQUIRE_URLS", json.dumps({"BUCKEYE01": url}))
    await desk.billing.receive(patient_registered())
    answer = await ask(desk, service_on="2026-03-05")
    assert answer.json()["state"] == "waiting"
    await desk.billing.fire_timers()


async def test_the_answer_comes_without_a_file(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    with answering_at_once(COVERED, 0, said.append) as port:
        await ask_at(desk, f"http://127.0.0.1:{port}/", monkeypatch)
    assert said == ["BUCKEYE01 was asked at once about 1"]
    assert files(desk) == []
    shown = await get(desk, f"/eligibility-inquiries/{inquiry_id(1)}")
    assert (shown["state"], shown["interchange_number"]) == ("answered", 1)
    async with desk.billing.uow(desk.practice_id) as uow:
        on = date(2026, 3, 5)
        standing = await coverage_on(uow.db, desk.practice_id, PATIENT, "BUCKEYE01", on)
    assert standing == "active"
    [sent] = await desk.fetch("SELECT kind, sent_at IS NOT NULL AS sent FROM interchange")
    assert sent == {"kind": "270", "sent": True}


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (503, b"busy"),
        (302, b""),
        (200, b""),
        (200, b"<html>please sign in</html>"),
        (200, b"ISA*"),
        (200, b"x" * (LARGEST_ANSWER + 1)),
    ],
)
async def test_what_is_no_answer_is_asked_again_by_file(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, status: int, body: bytes
) -> None:
    with door(status, body) as url:
        await ask_at(desk, url, monkeypatch)
    [content] = files(desk)
    said = read_enquiries(content)
    assert said.interchange == 2  # the interchange of the first try keeps its number
    await hear(desk, said, COVERED)
    assert len(await desk.billing.published(CoverageVerified)) == 1


async def test_a_payer_that_is_not_there_is_asked_by_file(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with door(200, b"") as url:
        pass  # closed again: nobody listens
    await ask_at(desk, url, monkeypatch)
    assert len(files(desk)) == 1


async def test_an_answer_to_somebody_elses_question_is_asked_again_by_file(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.billing.receive(patient_registered())
    await ask(desk, 2, service_on="2026-03-05")
    await desk.billing.fire_timers()
    other = read_enquiries(files(desk)[0])
    foreign = written(other, "EB*1**30", trace="0" * 32)
    with door(200, foreign) as url:
        await ask_at(desk, url, monkeypatch)
    assert len(files(desk)) == 2
    assert await desk.billing.published(CoverageVerified) == []
