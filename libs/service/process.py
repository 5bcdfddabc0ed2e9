"""One process of a service: HTTP with health and sign-in, and the worker behind it."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from importlib import import_module
from pathlib import Path
from socket import socket
from typing import cast

import uvicorn
from fastapi import FastAPI, Request, Response
from joserfc.jwk import OctKey
from opentelemetry.trace import SpanKind
from uvicorn.config import STARTUP_FAILURE

from libs.events.transport.clock import Clock
from libs.events.transport.keys import KeyDirectory
from libs.events.transport.metrics import start_metrics, stop_metrics
from libs.events.transport.runtime import running, settle_memory
from libs.events.transport.service import Service
from libs.events.transport.telemetry import context_of, open_span, start_tracing, stop_tracing
from libs.service.logs import start_logging
from libs.service.openapi import describe_bodies
from libs.service.operators import Operators
from libs.service.problems import answer_with_problems
from libs.service.settings import Settings
from libs.service.standard_routes import standard_routes

SERVICES = Path(__file__).resolve().parents[2] / "services"


def service_names(services: Path = SERVICES) -> list[str]:
    """Every service there is: a folder of services/ with an app.py."""
    return sorted(path.parent.name for path in services.glob("*/app.py"))


def load_service(name: str) -> Service:
    """The service's table of contents; LookupError names those that exist."""
    if name not in service_names():
        raise LookupError(f"there is no service {name!r}; there are {', '.join(service_names())}")
    service: Service = import_module(f"services.{name}.app").service
    return service


def make_app(service: Service, settings: Settings, clock: Clock | None = None) -> FastAPI:
    """The ASGI application of a service; its lifespan starts and stops everything else."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with running(
            service,
            dsn=settings.database_url.get_secret_value(),
            kafka=settings.kafka,
            clock=clock,
            keys=KeyDirectory(settings.keys) if settings.keys else None,
            worker=settings.mode != "api",
            instance=settings.instance,
            stuck_after_seconds=settings.stuck_after_seconds,
        ) as started:
            app.state.running = started
            yield
            app.state.running = None

    app = FastAPI(
        title=f"Mainstay {service.name}",
        lifespan=lifespan,
        # Its own spans would be a trace apart from ours, with the path and the query in them, and
        # its logs quote exceptions; see _trace_request.
        telemetry={"tracing": False, "metrics": False, "logs": False},
        docs_url=None,  # FastAPI's pages load scripts from elsewhere
        redoc_url=None,
    )
    secret = settings.session_secret.get_secret_value()
    app.state.session_key = OctKey.import_key(secret.encode()) if len(secret) >= 32 else None
    app.state.operators = Operators.load(settings.operators)
    app.state.running = None
    answer_with_problems(app)
    app.middleware("http")(_trace_request)
    app.include_router(standard_routes)
    if settings.mode != "worker":
        for routes in service.routes:
            app.include_router(routes)
    describe_bodies(app)
    return app


async def _trace_request(
    request: Request, call_next: Callable[[Request], Awaitable[Response]]
) -> Response:
    """A server span per request; the path's template names it, never the path with its ids."""
    with open_span(
        f"HTTP {request.method}",
        context=context_of(request.headers.get("traceparent")),
        kind=SpanKind.SERVER,
    ) as span:
        response = await call_next(request)
        route = request.scope.get("route")
        if route is not None:
            span.update_name(f"{request.method} {route.path}")
        span.set_attribute("http.response.status_code", response.status_code)
        return response


class Server(uvicorn.Server):
    """Says that it stops before it waits for open answers, so that event streams can end."""

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        cast(FastAPI, self.config.app).state.stopping = True
        await super().shutdown(sockets)


def run(name: str, settings: Settings) -> None:
    """Run a service until it is told to stop."""
    start_logging(name, settings.log_format)
    start_tracing(name, settings.otlp_endpoint)
    start_metrics(name, settings.otlp_endpoint)
    try:
        app = make_app(load_service(name), settings)
        settle_memory()
        server = Server(
            uvicorn.Config(
                app,
                host=settings.host,
                port=settings.port,
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=10,
            )
        )
        with suppress(KeyboardInterrupt):
            server.run()
        if not server.started:
            sys.exit(STARTUP_FAILURE)
    finally:
        stop_metrics()
        stop_tracing()
