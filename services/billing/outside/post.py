"""Ask somebody outside over HTTP and wait for the answer; never inside a transaction."""

from __future__ import annotations

import asyncio
import ssl
from functools import lru_cache
from typing import NamedTuple

import httpcore

ANSWER_SECONDS = 20
LARGEST_ANSWER = 4 * 1024 * 1024


class NotAnsweredError(OSError):
    """There was no answer in time, or none that can be used: whether they heard us is unknown."""


class Answer(NamedTuple):
    """What came back; `content_type` is empty where it was not said."""

    status: int
    content_type: str
    body: bytes


async def post(url: str, headers: list[tuple[str, str]], content: bytes) -> Answer:
    """The answer; follows no redirect. Raises NotAnsweredError."""
    try:
        async with (
            asyncio.timeout(ANSWER_SECONDS),
            httpcore.AsyncConnectionPool(ssl_context=_tls()) as pool,
            pool.stream("POST", url, headers=headers, content=content) as answer,
        ):
            body = b""
            async for chunk in answer.aiter_stream():
                body += chunk
                if len(body) > LARGEST_ANSWER:
                    raise NotAnsweredError("the answer is too large")
            return Answer(answer.status, _content_type(answer), body)
    except (
        TimeoutError,
        httpcore.TimeoutException,
        httpcore.NetworkError,
        httpcore.ProtocolError,
        httpcore.UnsupportedProtocol,
    ) as error:
        raise NotAnsweredError(type(error).__name__) from error


def _content_type(answer: httpcore.Response) -> str:
    said = (value for name, value in answer.headers if name.lower() == b"content-type")
    return next(said, b"").decode("latin-1")


@lru_cache
def _tls() -> ssl.SSLContext:
    """The machine's own authorities, or those of SSL_CERT_FILE; reading them takes a while."""
    return ssl.create_default_context()
