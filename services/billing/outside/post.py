"""Ask somebody outside over HTTP and wait for the answer; never inside a transaction."""

from __future__ import annotations

import asyncio
import ssl
from functools import lru_cache

import httpcore

ANSWER_SECONDS = 20
LARGEST_ANSWER = 4 * 1024 * 1024


class NotAnsweredError(OSError):
    """There was no answer in time, or none that can be used: whether they heard us is unknown."""


async def post(url: str, headers: list[tuple[str, str]], content: bytes) -> tuple[int, bytes]:
    """Status and body of the answer; follows no redirect. Raises NotAnsweredError."""
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
            return answer.status, body
    except (
        TimeoutError,
        httpcore.TimeoutException,
        httpcore.NetworkError,
        httpcore.ProtocolError,
        httpcore.UnsupportedProtocol,
    ) as error:
        raise NotAnsweredError(type(error).__name__) from error


@lru_cache
def _tls() -> ssl.SSLContext:
    """The machine's own authorities, or those of SSL_CERT_FILE; reading them takes a while."""
    return ssl.create_default_context()
