"""Over https: the endpoint has to prove its name, though we connect to an address."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import pytest

from services.interop.subscriptions.client import tls
from tests.harness import Harness
from tests.interop.conftest import Issue
from tests.interop.fhir.asking import send
from tests.interop.subscriptions.conftest import Hook, hooked, look, subscription


@pytest.fixture(autouse=True)
def trusted(issue: Issue, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This machine trusts one authority, the tests' own."""
    monkeypatch.setenv("SSL_CERT_FILE", str(issue("ca-again").parent / "ca.pem"))
    tls.cache_clear()
    yield
    tls.cache_clear()


async def greeted(interop: Harness, key: str, hook: Hook) -> str:
    """The status of a subscription to this endpoint after its handshake."""
    made = (await send(interop, key, "POST", "/Subscription", subscription(hook.url))).json()
    await interop.fire_timers()
    return (await look(interop, key, made["id"]))["status"]


async def test_an_endpoint_that_proves_its_name_is_told(
    interop: Harness, key: str, issue: Issue
) -> None:
    with hooked(_served(issue("good", "localhost")), host="localhost") as hook:
        assert await greeted(interop, key, hook) == "active"
        assert len(hook.got) == 1


@pytest.mark.parametrize("name", ["another.example", ""])
async def test_an_endpoint_with_another_name_is_told_nothing(
    interop: Harness, key: str, issue: Issue, name: str
) -> None:
    with hooked(_served(issue("bad", *filter(None, [name]))), host="localhost") as hook:
        assert await greeted(interop, key, hook) == "error"
        assert hook.got == []


async def test_an_endpoint_whose_authority_nobody_trusts_is_told_nothing(
    interop: Harness, key: str, issue: Issue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    tls.cache_clear()
    with hooked(_served(issue("good", "localhost")), host="localhost") as hook:
        assert await greeted(interop, key, hook) == "error"
        assert hook.got == []


def _served(certificate: object) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(str(certificate))
    return context
