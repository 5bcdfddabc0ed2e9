"""The payer's real-time door: a 270 is posted, its 271 is the answer.

Both travel in CAQH CORE's envelope (Phase II CORE 270, version 2.2.0, section 4.2.1: HTTP MIME
multipart). What is wrong with an envelope is said in one, as ErrorCode and ErrorMessage.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from libs.local.payer.coverage import Coverages, answer_enquiries, read_enquiries
from libs.local.payer.reading import UnreadableFileError

_ILLEGAL_UNLESS = {
    "PayloadType": "X12_270_Request_005010X279A1",
    "ProcessingMode": "RealTime",
    "CORERuleVersion": "2.2.0",
}
_REQUIRED = (*_ILLEGAL_UNLESS, "PayloadID", "TimeStamp", "SenderID", "ReceiverID", "Payload")
_BOUNDARY = "payer-answer"


class EnvelopeError(ValueError):
    """What is wrong with the envelope, as an ErrorCode."""


def read_envelope(media_type: str, body: bytes) -> dict[str, str]:
    """The fields of a request; raises EnvelopeError."""
    said = message_from_bytes(f"Content-Type: {media_type}\n\n".encode() + body)
    fields: dict[str, str] = {}
    for part in said.get_payload() if said.is_multipart() else []:
        assert isinstance(part, Message)
        name = part.get_param("name", header="content-disposition")
        fields[str(name)] = str(part.get_payload())
    for name in _REQUIRED:
        if not fields.get(name):
            raise EnvelopeError(f"{name}Required")
        if fields[name] != _ILLEGAL_UNLESS.get(name, fields[name]):
            raise EnvelopeError(f"{name}Illegal")
    return fields


def write_envelope(asked: dict[str, str], payload: bytes, error: str = "") -> bytes:
    """The answer to a request, or what was wrong with it."""
    fields = {
        "PayloadType": "CoreEnvelopeError" if error else "X12_271_Response_005010X279A1",
        "ProcessingMode": "RealTime",
        "PayloadID": asked.get("PayloadID", ""),
        "TimeStamp": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "SenderID": asked.get("ReceiverID", ""),
        "ReceiverID": asked.get("SenderID", ""),
        "CORERuleVersion": "2.2.0",
        "ErrorCode": error or "Success",
        "ErrorMessage": error,
        "Payload": payload.decode(),
    }
    parts = [
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    return "".join([*parts, f"--{_BOUNDARY}--\r\n"]).encode()


@contextmanager
def answering_at_once(coverages: Coverages, port: int, say: Callable[[str], None]) -> Iterator[int]:
    """Listen on 127.0.0.1 until the context ends; gives the port (0: a free one was taken)."""

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers.get("content-length", 0)))
            fields: dict[str, str] = {}
            try:
                fields = read_envelope(self.headers.get("content-type", ""), content)
                asked = read_enquiries(fields["Payload"].encode())
            except EnvelopeError as error:
                self._answer(write_envelope(fields, b"", str(error)))
            except UnreadableFileError:
                self._answer(write_envelope(fields, b"", "PayloadIllegal"))
            else:
                self._answer(write_envelope(fields, answer_enquiries(asked, coverages)))
                say(f"{asked.receiver} was asked at once about {len(asked.patients)}")

        def _answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", f"multipart/form-data; boundary={_BOUNDARY}")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Said by `say` instead."""

    with ThreadingHTTPServer(("127.0.0.1", port), Door) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()
