"""Runs the `mainstay` command on a platform file, as an operator would."""

from __future__ import annotations

import asyncio
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from libs.cli.app import app


@dataclass(frozen=True)
class Answer:
    """What the command said, on both streams, and its exit code."""

    code: int
    text: str
    out: str

    def json(self) -> Any:
        assert self.code == 0, self.text
        return json.loads(self.out)


async def mainstay(*arguments: str, kafka: str, databases: dict[str, str]) -> Answer:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "platform.json"
        file.write_text(json.dumps({"kafka": kafka, "databases": databases}))
        environment = {"MAINSTAY_PLATFORM": str(file), "COLUMNS": "400"}
        # In a thread: the command runs an event loop of its own.
        result = await asyncio.to_thread(
            CliRunner().invoke, app, list(arguments), env=environment, catch_exceptions=False
        )
    return Answer(result.exit_code, result.output, result.stdout)
