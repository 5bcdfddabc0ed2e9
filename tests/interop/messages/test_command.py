"""`mainstay messages` against a running interop, as an operator types it."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from uuid import uuid4

import pytest
import structlog
import uvicorn
from opentelemetry.context import attach, detach
from typer.testing import CliRunner, Result

from libs.cli.app import app
from libs.events.examples import interop as examples
from libs.events.transport.telemetry import context_of
from libs.service.process import Server
from services.interop.mllp.answer import answer
from tests.conftest import Addresses
from tests.harness import OPERATOR_KEY, Harness
from tests.interop.conftest import OpenConnection
from tests.interop.messages.test_inspecting import A04, OPEN, mend, the_message

Mainstay = Callable[..., Awaitable[Result]]


@pytest.fixture
async def mainstay(
    interop: Harness, addresses: Addresses, tmp_path: Path
) -> AsyncIterator[Mainstay]:
    """Runs the command with a platform file that knows the served interop."""
    structlog.configure(logger_factory=structlog.stdlib.LoggerFactory())
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = Server(uvicorn.Config(interop.app(), lifespan="off", log_config=None))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    file = tmp_path / "platform.json"
    file.write_text(
        json.dumps(
            {
                "kafka": addresses.kafka,
                "databases": {"interop": interop.dsn},
                "urls": {"interop": f"http://127.0.0.1:{listener.getsockname()[1]}"},
                "operator_key": OPERATOR_KEY,
            }
        )
    )
    environment = {
        "MAINSTAY_PLATFORM": str(file),
        "MAINSTAY_PRACTICE": str(examples.PRACTICE),
        "COLUMNS": "300",
    }

    async def run(*arguments: str) -> Result:
        command = ["messages", *arguments]
        return await asyncio.to_thread(CliRunner().invoke, app, command, env=environment)

    yield run
    server.should_exit = True
    await serving
    listener.close()
    structlog.reset_defaults()


async def test_a_refused_message_is_found_mended_taken_again_and_followed(
    interop: Harness, open_connection: OpenConnection, mainstay: Mainstay
) -> None:
    key = await open_connection(**OPEN)
    assert (await mainstay("list")).output == "no such message\n"
    await answer(A04.replace("KEY", key).encode(), interop.work)
    message_id = await the_message(interop)
    listed = await mainstay("list", "--fate", "refused")
    assert message_id in listed.output
    assert "IN1-2: payer-unknown" in listed.output
    assert message_id in (await mainstay("list", "--control-id", "1")).output
    assert (await mainstay("list", "--control-id", "2")).output == "no such message\n"

    refused = await mainstay("reprocess", message_id)
    assert (refused.exit_code, refused.stdout) == (1, "refused\n")
    assert "payer map" in refused.stderr
    await mend(interop)
    taken = await mainstay("reprocess", message_id)
    assert (taken.exit_code, taken.output) == (0, "accepted\n")

    shown = await mainstay("show", message_id)
    assert shown.exit_code == 0, shown.output
    assert "payer BAV as BLUEADV (Blue Advantage)" in shown.output
    assert "became           interop.patient-registered.v1" in shown.output
    assert "birth date" in shown.output
    assert "Rivera" not in shown.output
    found = json.loads((await mainstay("show", message_id, "--json")).stdout)
    assert (found["fate"], found["profile_version"], found["onward"]) == ("accepted", 2, [])

    looked = await mainstay("show", message_id, "--raw", "--reason", "a test")
    assert "Rivera" in looked.output
    found = json.loads((await mainstay("show", message_id, "--json")).stdout)
    assert [one["reason"] for one in found["accesses"]] == ["a test"]


async def test_a_message_tells_its_trace(
    interop: Harness, open_connection: OpenConnection, mainstay: Mainstay
) -> None:
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    token = attach(context_of(f"00-{trace_id}-00f067aa0ba902b7-01"))
    try:
        await answer(A04.replace("KEY", await open_connection(**OPEN)).encode(), interop.work)
    finally:
        detach(token)
    shown = await mainstay("show", await the_message(interop))
    assert f"trace_id         {trace_id}" in shown.output


async def test_what_cannot_be_done_is_told_in_a_line(
    open_connection: OpenConnection, mainstay: Mainstay
) -> None:
    await open_connection(**OPEN)
    missing = await mainstay("show", str(uuid4()))
    assert (missing.exit_code, missing.stderr) == (1, "interop refuses: no such message\n")
    alone = await mainstay("show", str(uuid4()), "--raw")
    assert alone.exit_code == 2
    assert "go together" in alone.output
