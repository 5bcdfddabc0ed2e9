"""A payer that answers at once is asked over HTTP; where that fails, by file like the others."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from libs.events.contracts.billing_eligibility import CoverageVerified
from libs.events.examples.interop import PATIENT, patient_registered
from libs.local.payer.at_once import EnvelopeError, answering_at_once, read_envelope
from libs.local.payer.coverage import read_enquiries
from services.billing.eligibility.envelope import Endpoint, NoAnswerError, disclose, enclose
from services.billing.eligibility.store import coverage_on
from services.billing.outside.post import LARGEST_ANSWER
from tests.billing.desk import Desk
from tests.billing.eligibility.asking import COVERED, ask, files, get, hear, inquiry_id, written

MULTIPART = "multipart/form-data; boundary=XbCY"


def enclosed(payload: bytes, **changes: str) -> bytes:
    """A payer's answer in CAQH CORE's envelope; `changes`: fields that are otherwise."""
    fields = {
        "PayloadType": "X12_271_Response_005010X279A1",
        "ProcessingMode": "RealTime",
        "PayloadID": "a81d44ae-7dec-11d0-a765-00a0c91e6ba0",
        "TimeStamp": "2026-03-02T12:00:00Z",
        "SenderID": "BUCKEYE01",
        "ReceiverID": "311234567",
        "CORERuleVersion": "2.2.0",
        "ErrorCode": "Success",
        "ErrorMessage": "None",
        "Payload": payload.decode(),
        **changes,
    }
    parts = [
        f'--XbCY\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    return "".join([*parts, "--XbCY--\r\n"]).encode()


@contextmanager
def door(
    status: int, body: bytes, media_type: str = MULTIPART, asked: list[bytes] | None = None
) -> Iterator[str]:
    """A payer whose real-time system answers this, whatever it is asked."""

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["content-length"]))
            if asked is not None:
                asked.append(f"Content-Type: {self.headers['content-type']}\n\n".encode() + content)
            self.send_response(status)
            self.send_header("content-type", media_type)
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
        (200, enclosed(b"ISA*")),
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
    with door(200, enclosed(foreign)) as url:
        await ask_at(desk, url, monkeypatch)
    assert len(files(desk)) == 2
    assert await desk.billing.published(CoverageVerified) == []


async def test_the_question_travels_in_the_envelope_with_our_name_and_password(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[bytes] = []
    with door(503, b"", asked=heard) as url:
        await ask_at(desk, url.replace("//", "//mains%40tay:s3cret@"), monkeypatch)
    [content] = heard
    said = message_from_bytes(content)
    fields = {
        part.get_param("name", header="content-disposition"): str(part.get_payload())
        for part in said.walk()
        if not part.is_multipart()
    }
    asked = read_enquiries(fields.pop("Payload").encode())
    assert [one.trace for one in asked.patients] == [inquiry_id(1).hex.upper()]
    assert fields == {
        "PayloadType": "X12_270_Request_005010X279A1",
        "ProcessingMode": "RealTime",
        "PayloadID": str(inquiry_id(1)),
        "TimeStamp": f"{desk.billing.clock.now():%Y-%m-%dT%H:%M:%SZ}",
        "UserName": "mains@tay",
        "Password": "s3cret",
        "SenderID": asked.sender,
        "ReceiverID": "BUCKEYE01",
        "CORERuleVersion": "2.2.0",
    }


@pytest.mark.parametrize(
    ("wrong", "files_after"),
    [
        ({}, 1),
        ({"ErrorCode": "VersionMismatch"}, 2),
        ({"PayloadType": "X12_TA1_Response_00501X231A1"}, 2),
        ({"Payload": ""}, 2),
    ],
)
async def test_only_an_envelope_that_brings_the_answer_is_one(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, str], files_after: int
) -> None:
    await desk.billing.receive(patient_registered())
    await ask(desk, 2, service_on="2026-03-05")
    await desk.billing.fire_timers()
    other = read_enquiries(files(desk)[0])
    ours = written(other, "EB*1**30", trace=inquiry_id(1).hex.upper())
    with door(200, enclosed(ours, **wrong)) as url:
        await ask_at(desk, url, monkeypatch)
    assert len(files(desk)) == files_after
    told = await desk.billing.published(CoverageVerified)
    assert len(told) == (0 if wrong else 1)


async def test_a_truncated_envelope_is_no_answer() -> None:
    whole = enclosed(b"ISA*00*")
    assert disclose(MULTIPART, whole) == b"ISA*00*"
    for content in (whole[:-12], whole[:300], b"", whole.replace(b"XbCY", b"other")):
        with pytest.raises(NoAnswerError):
            disclose(MULTIPART, content)
    for media_type in ("text/plain", "", "multipart/form-data", f"{MULTIPART}\r\nX: y"):
        with pytest.raises(NoAnswerError):
            disclose(media_type, whole)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (b"CORERuleVersion", "CORERuleVersionRequired"),
        (b"2.2.0", "CORERuleVersionIllegal"),
        (b"RealTime", "ProcessingModeIllegal"),
    ],
)
def test_the_simulated_payer_refuses_what_is_no_envelope(wrong: bytes, code: str) -> None:
    endpoint = Endpoint("https://payer.test/", None, None)
    question = enclose(b"ISA*" * 30, inquiry_id(1), datetime(2026, 3, 2, tzinfo=UTC), endpoint)
    assert read_envelope(question.content_type, question.body)["SenderID"]
    with pytest.raises(EnvelopeError, match=code):
        read_envelope(question.content_type, question.body.replace(wrong, b"x"))
