"""Law 9: one trace leads from a request through outbox and Kafka to the next service's rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from fastapi import APIRouter
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from libs.service.http import Uow
from libs.service.process import make_app
from libs.service.settings import Settings
from tests.service.people import ADMIN_KEY, operators_file
from tests.transport.ledger import LEDGER, PRACTICE, PoisonError, ledger, order, teller
from tests.transport.platform import Running, TestPlatform, eventually

routes = APIRouter()
CANARY = "canary-1963-Eleanor"


@routes.post("/orders/{number}", status_code=201)
async def place_order(number: int, uow: Uow) -> dict[str, int]:
    await uow.publish(order("account-0", number, 5))
    return {"number": number}


@routes.post("/mistakes", status_code=201)
async def make_a_mistake(uow: Uow) -> None:
    raise PoisonError(CANARY)


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """The spans of this process from here on."""
    provider = trace.get_tracer_provider()
    if not isinstance(provider, TracerProvider):
        provider = TracerProvider()
        trace.set_tracer_provider(provider)
    exporter = InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    yield exporter
    exporter.shutdown()


def spans_by_name(spans: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {span.name: span for span in spans.get_finished_spans()}


async def test_one_trace_leads_from_the_request_to_the_row_of_the_projection(
    platform: TestPlatform, spans: InMemorySpanExporter, tmp_path: Path
) -> None:
    async with platform.start(teller) as publishing, platform.start(ledger):
        async with client_of(publishing, tmp_path) as client:
            answer = await client.post("/orders/7")
        assert answer.status_code == 201

        async def folded() -> bool:
            return f"{LEDGER}.totals fold" in spans_by_name(spans)

        await eventually(folded, what="the projection folds the event")
    found = spans_by_name(spans)
    request = found["POST /orders/{number}"].get_span_context()
    handle = found[f"{LEDGER} handle teller.move-ordered.v1"]
    handled = handle.get_span_context()
    [link] = found[f"{LEDGER}.totals fold"].links
    assert request is not None
    assert handled is not None
    assert handle.parent is not None
    assert handle.parent.span_id == request.span_id
    assert link.context.span_id == handled.span_id
    assert request.trace_id == handled.trace_id == link.context.trace_id


async def test_a_trace_names_an_error_and_never_tells_its_text(
    platform: TestPlatform, spans: InMemorySpanExporter, tmp_path: Path
) -> None:
    async with platform.start(teller, worker=False) as publishing:
        async with client_of(publishing, tmp_path) as client:
            answer = await client.post(f"/mistakes?name={CANARY}")
    assert answer.status_code == 500
    assert CANARY not in answer.text
    told = [json.loads(span.to_json() or "") for span in spans.get_finished_spans()]
    assert any(span["status"].get("description") == "PoisonError" for span in told)
    assert CANARY not in json.dumps(told)


def client_of(publishing: Running, folder: Path) -> httpx.AsyncClient:
    """Speaks to a teller that has these routes."""
    settings = Settings.model_validate(
        {"database_url": "none", "kafka": "none", "operators": operators_file(folder)}
    )
    app = make_app(replace(teller, routes=[routes]), settings)
    app.state.running = publishing
    headers = {"authorization": f"Bearer {ADMIN_KEY}", "x-practice-id": str(PRACTICE)}
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app, raise_app_exceptions=False),
        base_url="http://desk.test",
        headers=headers,
    )
