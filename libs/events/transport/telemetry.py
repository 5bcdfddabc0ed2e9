"""One trace through everything: the traceparent is stored with the event and taken up again."""

from __future__ import annotations

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, SpanContext
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

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


def current_traceparent() -> str | None:
    """The W3C traceparent of the span we are in."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get("traceparent")


def context_of(traceparent: str | None) -> Context:
    """The context that a stored traceparent stands for."""
    return _propagator.extract({"traceparent": traceparent} if traceparent else {})


def links_to(traceparents: list[str | None], most: int = 100) -> list[Link]:
    """Links to the sampled traces among these, so that a batch's span leads to each of them."""
    links: list[Link] = []
    for traceparent in traceparents:
        if len(links) == most:
            break
        if traceparent is not None and traceparent.endswith("01"):
            found: SpanContext = trace.get_current_span(context_of(traceparent)).get_span_context()
            links.append(Link(found))
    return links
