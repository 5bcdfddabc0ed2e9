"""A card processor over HTTP with a small JSON API; what it did is in files named by their keys.

    POST /charges  {"token", "cents"}    POST /refunds  {"charge", "cents"}

Both with `Authorization: Bearer KEY` and `Idempotency-Key`: 200 {"id"} the money moved; 402
{"reason"} it did not, and will not under this key; 409 the key was used with another body; 5xx ask
again. The same key again gives the same answer and moves nothing. A token's name decides:
`tok_declined`, `tok_expired`, `tok_poor` are declined, `tok_lost…` is charged and the first answer
is lost, another `tok_…` is charged, anything else is unknown.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from libs.local.files import write_whole

DECLINES = {
    "tok_declined": "declined",
    "tok_expired": "expired-card",
    "tok_poor": "insufficient-funds",
}


class Processor:
    """What was charged and paid back, a file for each key."""

    def __init__(self, folder: Path, key: str = "") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._key = key

    def take(self, kind: str, key: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Status and answer; a charge that is asked for again is not made again."""
        path = self.folder / f"{hashlib.sha256(f'{kind}/{key}'.encode()).hexdigest()}.json"
        if path.exists():
            kept = json.loads(path.read_text())
            if kept["body"] != body:
                return 409, {"reason": "key-reused"}
            return kept["status"], kept["answer"]
        status, answer = self._decide(kind, key, body)
        kept = {"kind": kind, "body": body, "status": status, "answer": answer}
        write_whole(path, json.dumps(kept).encode())
        if str(body.get("token", "")).startswith("tok_lost"):
            return 503, {"reason": "answer-lost"}
        return status, answer

    def _decide(self, kind: str, key: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        moved = hashlib.sha256(f"{kind}/{key}".encode()).hexdigest()[:16]
        if kind == "refunds":
            left = self._left_of(str(body.get("charge")))
            if body["cents"] > left:
                return 402, {"reason": "declined"}
            return 200, {"id": f"re_{moved}"}
        token = str(body.get("token"))
        if token in DECLINES:
            return 402, {"reason": DECLINES[token]}
        if not token.startswith("tok_"):
            return 402, {"reason": "unknown-token"}
        return 200, {"id": f"ch_{moved}"}

    def _left_of(self, charge: str) -> int:
        made = [m for m in self.moved("charges") if m["answer"]["id"] == charge]
        back = [m for m in self.moved("refunds") if m["body"]["charge"] == charge]
        return sum(m["body"]["cents"] for m in made) - sum(m["body"]["cents"] for m in back)

    def moved(self, kind: str) -> list[dict[str, Any]]:
        """Every charge or refund that moved money."""
        read = [json.loads(path.read_text()) for path in sorted(self.folder.glob("*.json"))]
        return [one for one in read if one["kind"] == kind and one["status"] == 200]

    def knows(self, authorization: str) -> bool:
        return not self._key or authorization == f"Bearer {self._key}"


def make_app(processor: Processor) -> FastAPI:
    app = FastAPI(title="A card processor on this machine", docs_url=None, redoc_url=None)

    @app.post("/{kind}")
    async def move(kind: str, request: Request) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        if not processor.knows(request.headers.get("authorization", "")):
            return JSONResponse({"reason": "unknown-key"}, 401)
        key, body = request.headers.get("idempotency-key", ""), await request.json()
        if kind not in ("charges", "refunds") or not key or not isinstance(body.get("cents"), int):
            return JSONResponse({"reason": "not-understood"}, 400)
        status, answer = processor.take(kind, key, body)
        return JSONResponse(answer, status)

    return app


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Whoever serves decides when it ends."""
        yield


@asynccontextmanager
async def serving(processor: Processor, port: int = 0) -> AsyncIterator[int]:
    """Listen on loopback; yields the port. Raises OSError where the port is taken."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    config = uvicorn.Config(make_app(processor), lifespan="off", log_config=None, access_log=False)
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        await task
        listener.close()
