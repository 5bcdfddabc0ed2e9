"""The payer as a process: killed, stopped, started twice."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.local.payer.exchange import inbound_files, submit

ROOT = Path(__file__).parents[3]


@contextmanager
def _payer(exchange: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "libs.local.payer", "--exchange", str(exchange), *options]
    with subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


def _first_line_with(process: subprocess.Popen[str], text: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if text in line:
            return
    pytest.fail(f"the payer stopped before it said {text}")


def test_a_payer_killed_twice_on_the_way_has_answered_everything_once_in_the_end(
    tmp_path: Path,
) -> None:
    for number in range(1, 31):
        submit(tmp_path / "killed", number)
        submit(tmp_path / "whole", number)
    pace = ("--pace", "0.2", "--faults", "duplicate-835=0.3")
    with _payer(tmp_path / "killed", *pace) as process:
        _first_line_with(process, ".999 delivered")
        process.kill()
    cut_short = len(inbound_files(tmp_path / "killed"))
    with _payer(tmp_path / "killed", *pace) as process:
        _first_line_with(process, ".277 delivered")
        process.kill()
    with _payer(tmp_path / "killed", *pace, "--once") as process:
        assert process.wait(timeout=30) == 0
    with _payer(tmp_path / "whole", "--faults", "duplicate-835=0.3", "--once") as process:
        assert process.wait(timeout=30) == 0
    assert inbound_files(tmp_path / "killed") == inbound_files(tmp_path / "whole")
    assert cut_short < len(inbound_files(tmp_path / "whole"))


def test_sigterm_ends_the_payer_cleanly_and_a_second_payer_is_turned_away(
    tmp_path: Path,
) -> None:
    with _payer(tmp_path) as process:
        submit(tmp_path, 1)
        _first_line_with(process, ".999 delivered")
        with _payer(tmp_path, "--once") as second:
            assert second.wait(timeout=30) == 2
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
