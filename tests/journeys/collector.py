"""A receiver of OTLP/HTTP spans, as a team's own collector would be."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Spans:
    """What was received: for each trace, the services that took part, and the spans' names."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.services: dict[str, set[str]] = {}
        self.names: dict[str, set[str]] = {}
        self.received: list[bytes] = []
        """Every body as it came, metrics included."""

    def take(self, body: bytes) -> None:
        request = ExportTraceServiceRequest.FromString(body)
        for resource in request.resource_spans:
            service = next(
                a.value.string_value
                for a in resource.resource.attributes
                if a.key == "service.name"
            )
            for scope in resource.scope_spans:
                for span in scope.spans:
                    trace = span.trace_id.hex()
                    self.services.setdefault(trace, set()).add(service)
                    self.names.setdefault(trace, set()).add(span.name)


@contextmanager
def collecting() -> Iterator[Spans]:
    """Listen on a free loopback port until the context ends."""

    class Take(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            spans.received.append(body)
            if self.path == "/v1/traces":
                spans.take(body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Take)
    spans = Spans(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield spans
    finally:
        server.shutdown()
        thread.join()
