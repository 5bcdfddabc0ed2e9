"""An EHR that speaks FHIR: it subscribes, and listens over HTTP for what it is told."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

import pytest

from libs.events.contracts import Event
from libs.events.contracts.interop import EncounterPosted
from libs.events.examples import billing
from services.interop.subscriptions.topics import CLAIM_STATUS
from tests.harness import Harness
from tests.interop.conftest import OpenConnection
from tests.interop.fhir.asking import PROFILE, send
from tests.interop.fhir.test_bad_bundles import bundle

EXTENSION = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-"
SECRET = "Bearer the-ehrs-own-secret"


@dataclass
class Hook:
    """The EHR's endpoint: a real HTTP server in a thread of its own."""

    url: str = ""
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list[Any])
    """Headers and body of all that came, also of what came twice."""
    answers: list[int | None] = field(default_factory=list[int | None])
    """For the next requests: a status, or None to close without an answer; then 200."""
    before_answer: Callable[[], None] | None = None
    """What happens when a request has come, and its answer has not gone."""

    def bundles(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.got]

    def told(self) -> list[tuple[str, str | None]]:
        """(type, event number) of each notification."""
        return [(said(b)["type"], event(b).get("event-number")) for b in self.bundles()]


@contextmanager
def hooked(tls: ssl.SSLContext | None = None, *, host: str = "127.0.0.1") -> Iterator[Hook]:
    """An endpoint that listens, over https with `tls`."""
    made = Hook()

    class Take(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            made.got.append((dict(self.headers.items()), body))
            if made.before_answer is not None:
                made.before_answer()
            status = made.answers.pop(0) if made.answers else 200
            if status is None:
                self.close_connection = True
                return
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            """Whoever does not like the certificate hangs up."""

    server = Server(("127.0.0.1", 0), Take)
    if tls is not None:
        server.socket = tls.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    scheme = "http" if tls is None else "https"
    made.url = f"{scheme}://{host}:{server.server_address[1]}/fhir-hook"
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def hook() -> Iterator[Hook]:
    with hooked() as made:
        yield made


@pytest.fixture(autouse=True)
def on_one_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTEROP_SUBSCRIPTION_PRIVATE_ENDPOINTS", "true")


@pytest.fixture
async def key(open_connection: OpenConnection) -> str:
    return await open_connection(kind="fhir", profile=PROFILE)


@pytest.fixture
async def visit(interop: Harness, key: str) -> UUID:
    """A visit that the EHR sent over FHIR."""
    seen_by = [{"individual": {"reference": "Practitioner/dr"}}]
    sent = bundle(1, "resource", "participant", to=seen_by)
    answer = await send(interop, key, "POST", "", sent)
    assert answer.status_code == 200, answer.text
    return (await interop.published(EncounterPosted))[-1].encounter_id


def subscription(url: str, *, content: str = "id-only", **changes: Any) -> dict[str, Any]:
    """A Subscription resource; `filter`, `heartbeat`, `timeout`, `header` stand for the longer."""
    channel: dict[str, Any] = {
        "type": "rest-hook",
        "endpoint": url,
        "payload": "application/fhir+json",
        "_payload": {"extension": [{"url": f"{EXTENSION}payload-content", "valueCode": content}]},
    }
    for name in ("heartbeat", "timeout"):
        if name in changes:
            extension = f"{EXTENSION}{name}{'-period' if name == 'heartbeat' else ''}"
            channel.setdefault("extension", []).append(
                {"url": extension, "valueUnsignedInt": changes.pop(name)}
            )
    if "header" in changes:
        channel["header"] = changes.pop("header")
    found: dict[str, Any] = {
        "resourceType": "Subscription",
        "status": "requested",
        "reason": "follow our claims",
        "criteria": CLAIM_STATUS.url,
        "channel": channel,
    }
    if "filter" in changes:
        extension = {"url": f"{EXTENSION}filter-criteria", "valueString": changes.pop("filter")}
        found["_criteria"] = {"extension": [extension]}
    return found | changes


async def subscribe(interop: Harness, key: str, hook: Hook, **changes: Any) -> dict[str, Any]:
    """The subscription, active: its handshake is taken and put aside."""
    answer = await send(interop, key, "POST", "/Subscription", subscription(hook.url, **changes))
    assert answer.status_code == 201, answer.text
    await interop.fire_timers()
    hook.got.clear()
    return answer.json()


async def look(interop: Harness, key: str, id: str) -> dict[str, Any]:
    answer = await send(interop, key, "GET", f"/Subscription/{id}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def later(interop: Harness, seconds: float) -> None:
    await interop.fire_timers(interop.clock.now() + timedelta(seconds=seconds))


def story(visit: UUID) -> list[Event]:
    """Charged, sent, taken in, decided."""
    return [
        billing.charges_posted(encounter_id=visit),
        billing.claim_submitted(),
        billing.claim_accepted(),
        billing.payment_posted(),
        billing.claim_paid(),
    ]


def said(bundle: dict[str, Any]) -> dict[str, Any]:
    """What a notification's status says, by the names of its parameters."""
    return _values(bundle["entry"][0]["resource"]["parameter"])


def event(bundle: dict[str, Any]) -> dict[str, Any]:
    """The parts of its one event; of a handshake or heartbeat, none."""
    rows = bundle["entry"][0]["resource"]["parameter"]
    return next((_values(r["part"]) for r in rows if r["name"] == "notification-event"), {})


def _values(rows: list[dict[str, Any]]) -> dict[str, Any]:
    found = {
        r["name"]: next((v for n, v in r.items() if n.startswith("value")), None) for r in rows
    }
    return {n: v["reference"] if isinstance(v, dict) and "reference" in v else v
            for n, v in found.items()}  # fmt: skip
