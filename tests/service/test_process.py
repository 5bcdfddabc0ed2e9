"""What a process reads at its start, and what it writes to its log."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from libs.service.settings import Settings

SECRET = "hunter2-secret"


def read_settings(monkeypatch: pytest.MonkeyPatch, **set_to: str) -> Settings:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"MAINSTAY_{name.upper()}", raising=False)
    for name, value in set_to.items():
        monkeypatch.setenv(f"MAINSTAY_{name.upper()}", value)
    return Settings()  # pyright: ignore[reportCallIssue]


def test_two_settings_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read_settings(monkeypatch, database_url=f"postgresql://{SECRET}", kafka="k:9092")
    assert (settings.host, settings.mode, settings.log_format) == ("127.0.0.1", "both", "json")
    assert SECRET not in repr(settings)


@pytest.mark.parametrize("wrong", [{"mode": "everything"}, {"port": "none"}, {}])
def test_a_wrong_or_missing_setting_is_named_and_no_secret_told(
    monkeypatch: pytest.MonkeyPatch, wrong: dict[str, str]
) -> None:
    with pytest.raises(ValidationError) as refused:
        read_settings(monkeypatch, database_url=f"postgresql://{SECRET}", **wrong)
    assert "kafka" in str(refused.value)
    assert all(name in str(refused.value) for name in wrong)
    assert SECRET not in str(refused.value)


def test_a_secret_may_be_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"MAINSTAY_{name.upper()}", raising=False)
    (tmp_path / "mainstay_database_url").write_text(f"postgresql://{SECRET}\n")
    settings = Settings(_secrets_dir=tmp_path, kafka="k:9092")  # pyright: ignore[reportCallIssue]
    assert settings.database_url.get_secret_value() == f"postgresql://{SECRET}"


LOGGING = f"""
import asyncio, logging, sys
import structlog
from libs.service.logs import start_logging

start_logging("desk", sys.argv[1])
try:
    raise ValueError("{SECRET}")
except ValueError as error:
    logging.getLogger("uvicorn.error").exception("Exception in ASGI application")
    structlog.get_logger().exception("structured")
    structlog.get_logger().error("given", exc_info=error)

async def forget() -> None:
    async def fail() -> None:
        raise ValueError("{SECRET}")
    task = asyncio.create_task(fail())
    await asyncio.sleep(0)
    del task

asyncio.run(forget())
"""


@pytest.mark.parametrize("style", ["json", "text"])
def test_a_log_names_errors_and_where_they_arose_and_never_tells_their_text(style: str) -> None:
    run = subprocess.run(
        [sys.executable, "-c", LOGGING, style], capture_output=True, text=True, check=True
    )
    assert run.stderr.count("ValueError") == 4
    assert run.stderr.count("<string>") == 4, "where it arose"
    assert "Task exception was never retrieved" in run.stderr
    assert SECRET not in run.stderr + run.stdout
