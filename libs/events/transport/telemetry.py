"""One trace through everything: the traceparent is stored with the event and taken up again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from libs.events.transport.faults import describe

tracer = trace.get_tracer("mainstay")
_propagator = TraceContextTextMapPropagator()


def start_tracing(service: str, otlp_endpoint: str | None) -> None:
    """Trace this process; with an OTLP/HTTP endpoint (`http://host:4318`), send the spans there."""
    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    if otlp_endpoint is not None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        exporter = OTLPSpanExporter(endpoint=f"{otlp_endpoint.rstrip('/')}/v1/traces")
        provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)


def stop_tracing() -> None:
    """Send what is still buffered."""
    provider = trace.get_tracer_provider()
    if isinstance(provider, TracerProvider):
        provider.shutdown()


@contextmanager
def open_span(name: str, **more: Any) -> Iterator[Span]:
    """A span that is the current one; an error is named in it, its text is not: it may hold PHI.

    OpenTelemetry's own handling writes the text into the event and, apart from that, the status.
    """
    with tracer.start_as_current_span(
        name, record_exception=False, set_status_on_exception=False, **more
    ) as span:
        try:
            yield span
        except Exception as error:
            span.set_status(StatusCode.ERROR, describe(error))
            raise


def current_traceparent() -> str | None:
    """The W3C traceparent of the span we are in."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get("traceparent")


def context_of(traceparent: str | None) -> Context:
    """The context that a stored traceparent stands for."""
    return _propagator.extract({"traceparent": traceparent} if traceparent else {})


MOST_LINKS = 100
"""Links that a batch's span has at most; OpenTelemetry keeps 128 by default."""


def link_sampled(span: Span, traceparent: str | None) -> bool:
    """Lead from a batch's span to an event's trace, where that one is sampled."""
    # The last digit's lowest bit says sampled; others may be set too (W3C level 2: random).
    if traceparent is None or traceparent[-1] not in "13579bdf":
        return False
    span.add_link(trace.get_current_span(context_of(traceparent)).get_span_context())
    return True
