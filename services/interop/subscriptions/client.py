"""One notification to an endpoint, over HTTP, and only to an address that it may go to."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterable
from functools import lru_cache
from typing import cast

import httpcore

from services.interop.subscriptions.endpoint import is_public
from services.interop.subscriptions.model import Asked, Failure

CONNECT_SECONDS, ANSWER_SECONDS = 3, 10
"""An endpoint that asks for more patience gets no more: it would keep others waiting."""


class NotDeliveredError(OSError):
    """The notification is not known to have arrived: it is sent again, later."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure)
        self.failure: Failure = failure


async def post(notification: bytes, asked: Asked, *, private: bool) -> None:
    """Raises NotDeliveredError unless the endpoint answers with a 2xx; follows no redirect."""
    seconds = min(asked.timeout_seconds or ANSWER_SECONDS, ANSWER_SECONDS)
    try:
        async with asyncio.timeout(seconds):
            status = await _exchange(notification, asked, private=private)
    except (
        TimeoutError,
        httpcore.TimeoutException,
        httpcore.NetworkError,
        httpcore.ProtocolError,
    ) as error:
        raise NotDeliveredError("no-response") from error
    if not 200 <= status < 300:
        raise NotDeliveredError("error-response")


async def _exchange(notification: bytes, asked: Asked, *, private: bool) -> int:
    """The status of the answer; its body is nobody's, and is not read."""
    headers = [("User-Agent", "Mainstay"), ("Content-Type", asked.media_type), *asked.headers]
    guarded = _Guarded(private=private)
    async with (
        httpcore.AsyncConnectionPool(ssl_context=tls(), network_backend=guarded) as pool,
        pool.stream("POST", asked.endpoint, headers=headers, content=notification) as answer,
    ):
        return answer.status


@lru_cache
def tls() -> ssl.SSLContext:
    """The machine's own authorities, or those of SSL_CERT_FILE; reading them takes a while."""
    return ssl.create_default_context()


class _Guarded(httpcore.AsyncNetworkBackend):
    """Resolves a name itself and connects to the very address that it has looked at.

    Otherwise a name could lead to a public address when it is looked at, and elsewhere after.
    """

    def __init__(self, *, private: bool) -> None:
        self._private = private
        # The class has two definitions, and type checkers see the one without anyio.
        self._inner = cast(httpcore.AsyncNetworkBackend, httpcore.AnyIOBackend())

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        address = await self._address(host, port)
        return await self._inner.connect_tcp(
            address, port, CONNECT_SECONDS, local_address, socket_options
        )

    async def _address(self, host: str, port: int) -> str:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError:
            raise NotDeliveredError("dns-resolution-error") from None
        addresses = [str(one[4][0]) for one in found]
        if self._private:
            return addresses[0]
        allowed = [one for one in addresses if is_public(one.partition("%")[0])]
        if len(allowed) < len(addresses):
            raise NotDeliveredError("dns-resolution-error")
        return allowed[0]
