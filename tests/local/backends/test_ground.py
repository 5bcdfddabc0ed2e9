"""Where the servers' files go, and what is said when they cannot."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from libs.local.backends import BackendError, ground
from libs.local.backends.ground import User, reaches, stand_in_path, sweep, within_reach

STRANGER = User(65534, 65534)


def test_an_ordinary_users_directory_is_used_as_it_is(tmp_path: Path) -> None:
    assert within_reach(tmp_path / "data", None) == tmp_path / "data"


def test_a_private_directory_above_is_noticed(tmp_path: Path) -> None:
    private = tmp_path / "private"
    (private / "data").mkdir(parents=True)
    private.chmod(0o700)
    assert not reaches(STRANGER, private / "data")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root drops to another user")
def test_files_behind_a_private_directory_get_a_stand_in_that_goes_with_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    home = within_reach(private / "data", STRANGER)
    assert home == stand_in_path(private / "data")
    assert reaches(STRANGER, home)
    assert str(home) in capsys.readouterr().err
    assert within_reach(private / "data", STRANGER) == home
    sweep()
    assert home.exists()
    shutil.rmtree(private)
    sweep()
    assert not home.exists()


def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BackendError, match=f"cannot write in {tmp_path}/file/data"):
        within_reach(tmp_path / "file" / "data", None)


def test_a_full_disk_is_named_with_what_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ground, "NEEDED_FREE_BYTES", 10**18)
    with pytest.raises(BackendError, match=r"MB free; Kafka and PostgreSQL need"):
        within_reach(tmp_path / "data", None)
