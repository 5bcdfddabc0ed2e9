"""A practice's data keys: made once, whoever is first; changed by rotation; erased for good."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from libs.events.transport.faults import describe, is_transient
from libs.events.transport.keys import (
    KeyDirectory,
    KeyErasedError,
    KeyUnavailableError,
    MissingKeyError,
    NoKeys,
)
from libs.events.transport.protection import seal, unseal

PRACTICE = UUID("6f6a1a51-3c1b-4b53-8a55-000000000001")
AT = datetime(2026, 3, 2, tzinfo=UTC)
ASK_AT_ONCE = """
import sys
from pathlib import Path
from uuid import UUID
from libs.events.transport.keys import KeyDirectory
keys = KeyDirectory(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for practice in sys.argv[2:]:
    print(keys.sealing(UUID(practice)).kid)
"""


def test_a_key_is_made_on_first_use_for_its_owner_alone(tmp_path: Path) -> None:
    keys = KeyDirectory(tmp_path / "keys")
    with pytest.raises(MissingKeyError, match=f"{PRACTICE}.json is not among"):
        keys.opening(PRACTICE)
    made = keys.sealing(PRACTICE)
    assert keys.sealing(PRACTICE) is made, "and kept"
    assert list(keys.opening(PRACTICE)) == [made.kid]
    assert keys.practices() == [PRACTICE]
    assert stat.S_IMODE(keys.path(PRACTICE).stat().st_mode) == 0o600
    assert stat.S_IMODE(keys.folder.stat().st_mode) == 0o700
    assert [path.name for path in keys.folder.iterdir()] == [f"{PRACTICE}.json"], "nothing is left"


def test_processes_that_ask_at_once_get_one_key(tmp_path: Path) -> None:
    practices = [uuid4() for _ in range(200)]
    asking = [
        subprocess.Popen(
            [sys.executable, "-c", ASK_AT_ONCE, tmp_path, *map(str, practices)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(3)
    ]  # fmt: skip
    for process in asking:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in asking:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    told = {process.communicate()[0] for process in asking}
    assert [process.returncode for process in asking] == [0] * 3
    keys = KeyDirectory(tmp_path)
    assert told == {"".join(f"{keys.sealing(practice).kid}\n" for practice in practices)}


def test_after_a_rotation_the_new_key_seals_and_the_old_one_still_opens(tmp_path: Path) -> None:
    keys, other_process = KeyDirectory(tmp_path), KeyDirectory(tmp_path)
    old = keys.sealing(PRACTICE)
    sealed = seal(b"words", other_process.sealing(PRACTICE), b"here")
    new = keys.rotate(PRACTICE)
    assert keys.sealing(PRACTICE).kid == new == other_process.sealing(PRACTICE).kid != old.kid
    assert list(keys.opening(PRACTICE)) == [new, old.kid]
    assert unseal(sealed, other_process.opening(PRACTICE), b"here") == b"words"


def test_erased_keys_are_never_made_again(tmp_path: Path) -> None:
    keys = KeyDirectory(tmp_path)
    keys.sealing(PRACTICE)
    material = json.loads(keys.path(PRACTICE).read_text())["keys"][0]["k"]
    keys.erase(PRACTICE, AT)
    assert material not in keys.path(PRACTICE).read_text()
    for use in (keys.sealing, keys.opening, keys.rotate):
        with pytest.raises(KeyErasedError):
            use(PRACTICE)
    assert keys.create(PRACTICE) is False


def test_where_no_key_can_be_made_a_missing_one_says_how_to_make_it(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(MissingKeyError, match="mainstay keys create"):
        KeyDirectory(tmp_path / "file" / "keys").sealing(PRACTICE)


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"keys": [{"kid": "a"}]}', '{"keys": [{"kid": "a", "k": "c2hvcnQ"}]}'],
)
def test_a_file_that_holds_no_keys_is_refused_without_its_content(
    tmp_path: Path, content: str
) -> None:
    keys = KeyDirectory(tmp_path)
    keys.path(PRACTICE).write_text(content)
    with pytest.raises(KeyUnavailableError, match="is no JWK Set of 256-bit keys") as refused:
        keys.sealing(PRACTICE)
    assert describe(refused.value).endswith("is no JWK Set of 256-bit keys")
    assert not is_transient(refused.value)


def test_a_process_without_keys_says_which_setting_is_missing() -> None:
    for use in (NoKeys().sealing, NoKeys().opening):
        with pytest.raises(KeyUnavailableError, match="MAINSTAY_KEYS"):
            use(PRACTICE)


def test_a_key_shows_nothing_of_itself(tmp_path: Path) -> None:
    keys = KeyDirectory(tmp_path)
    key = keys.sealing(PRACTICE)
    material = json.loads(keys.path(PRACTICE).read_text())["keys"][0]["k"]
    assert material not in f"{key!r} {keys!r} {vars(keys)}"
