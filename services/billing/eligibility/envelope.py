"""The envelope of a question that is answered at once: CAQH CORE's, over HTTP MIME multipart.

Source: CAQH CORE Connectivity Rule (Phase II CORE 270) version 2.2.0, section 4.2.1, which 45 CFR
162.1203 adopts for eligibility. The rule's other envelope, SOAP, is not spoken here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import HTTP
from urllib.parse import unquote, urlsplit
from uuid import UUID

ASKED = "X12_270_Request_005010X279A1"
ANSWERED = "X12_271_Response_005010X279A1"
RULE = "2.2.0"
_SENDER, _RECEIVER = slice(35, 50), slice(54, 69)
"""ISA06 and ISA08; an ISA has fixed widths."""


class NoAnswerError(ValueError):
    """The envelope brings no 271; the text names what is wrong, and no value."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a payer answers, and how we are known there."""

    url: str
    user: str | None
    password: str | None

    @classmethod
    def of(cls, setting: str) -> Endpoint:
        """`https://USER:PASSWORD@payer.example/path`; without a user the payer knows us otherwise,
        such as by our address."""
        parts = urlsplit(setting)
        address = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        user, password = parts.username, parts.password
        return cls(address, user and unquote(user), password and unquote(password))


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A request as it is posted."""

    content_type: str
    body: bytes


def enclose(asked: bytes, payload_id: UUID, at: datetime, endpoint: Endpoint) -> Enclosed:
    """A 270 for a payer; sender and receiver are those of its ISA."""
    fields = {
        "PayloadType": ASKED,
        "ProcessingMode": "RealTime",
        "PayloadID": str(payload_id),
        "TimeStamp": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "UserName": endpoint.user,
        "Password": endpoint.password,
        "SenderID": asked[_SENDER].decode().strip(),
        "ReceiverID": asked[_RECEIVER].decode().strip(),
        "CORERuleVersion": RULE,
    }
    told = {name: value.encode() for name, value in fields.items() if value is not None}
    boundary = f"mainstay-{payload_id.hex}"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value
        for name, value in {**told, "Payload": asked}.items()
    ]
    body = b"\r\n".join([*parts, f"--{boundary}--\r\n".encode()])
    return Enclosed(f"multipart/form-data; boundary={boundary}", body)


def disclose(content_type: str, body: bytes) -> bytes:
    """The 271 of an answer; raises NoAnswerError."""
    if not content_type.isascii() or not content_type.isprintable():
        raise NoAnswerError("no media type")
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    told = BytesParser(EmailMessage, policy=HTTP).parsebytes(head + body)
    if not told.is_multipart() or told.defects:
        raise NoAnswerError("no whole multipart message")
    fields = {
        str(part.get_param("name", header="content-disposition")): part.get_payload(decode=True)
        for part in told.iter_parts()
    }
    if fields.get("ErrorCode", b"Success") != b"Success":
        raise NoAnswerError("ErrorCode")
    if fields.get("PayloadType") != ANSWERED.encode():
        raise NoAnswerError("PayloadType")
    answer = fields.get("Payload")
    if not isinstance(answer, bytes):
        raise NoAnswerError("Payload")
    return answer
