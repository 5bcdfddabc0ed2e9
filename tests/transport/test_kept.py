"""What a service keeps sealed: it opens in its own place only, an event as its latest version."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from libs.events.transport.faults import SealError, UnreadableEventError, describe
from libs.events.transport.keys import KeyDirectory, KeyErasedError, Keys, MissingKeyError
from libs.events.transport.payload import read_kept, write_kept
from libs.events.transport.protection import open_kept, seal_kept
from tests.keys import FIXED_KEYS
from tests.transport.ledger import PRACTICE
from tests.transport.scale import LOST_POUNDS, WeightTaken, WeightTakenV1

CANARY = b"Eleanor-1963"
AT = datetime(2026, 3, 2, tzinfo=UTC)
OLD = WeightTakenV1(practice_id=PRACTICE, scale="a", number=1, pounds=2)
LIFTED = WeightTaken(practice_id=PRACTICE, scale_name="a", number=1, grams=908, of="parcel")


def sealed(keys: Keys = FIXED_KEYS) -> bytes:
    return seal_kept(CANARY, "row/1", "scale", PRACTICE, keys)


def opened(
    value: bytes,
    place: str = "row/1",
    service: str = "scale",
    practice: UUID = PRACTICE,
    keys: Keys = FIXED_KEYS,
) -> bytes:
    return open_kept(value, place, service, practice, keys)


def test_what_is_kept_opens_for_its_own_row_service_and_practice_only() -> None:
    assert CANARY not in sealed()
    assert opened(sealed()) == CANARY
    for foreign in ({"place": "row/2"}, {"service": "desk"}, {"practice": UUID(int=7)}):
        with pytest.raises(SealError, match=r"^row/[12]: does not open"):
            opened(sealed(), **foreign)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("value", [CANARY, b'"' + CANARY + b'"', b"", b"\xff"])
def test_what_is_not_sealed_is_refused_naming_its_row_and_not_what_stands_there(
    value: bytes,
) -> None:
    with pytest.raises(SealError) as refused:
        opened(value)
    assert describe(refused.value).startswith("SealError: row/1: is no encrypted value")
    assert CANARY.decode() not in str(refused.value)


def test_a_key_that_is_missing_is_named_and_with_it_the_value_is_there_again(
    tmp_path: Path,
) -> None:
    keys = KeyDirectory(tmp_path)
    value = sealed(keys)
    aside = keys.path(PRACTICE).rename(tmp_path / "aside")
    with pytest.raises(MissingKeyError, match="bring it here"):
        opened(value, keys=keys)
    keys.sealing(PRACTICE)
    with pytest.raises(SealError, match=r"row/1: the practice's key [0-9a-f]{16} is not here"):
        opened(value, keys=keys)
    aside.rename(keys.path(PRACTICE))
    assert opened(value, keys=keys) == CANARY
    keys.rotate(PRACTICE)
    assert opened(value, keys=keys) == CANARY, "an older key still opens"
    keys.erase(PRACTICE, AT)
    for use in (lambda: opened(value, keys=keys), lambda: sealed(keys)):
        with pytest.raises(KeyErasedError, match="were erased"):
            use()


def test_an_event_kept_in_an_older_version_is_read_as_the_latest() -> None:
    read = read_kept(write_kept(OLD), WeightTaken)
    assert read == LIFTED
    assert read.event_id == OLD.event_id
    assert read_kept(write_kept(LIFTED), WeightTaken) == LIFTED


def test_fields_that_a_newer_replica_kept_are_passed_over() -> None:
    kept = json.loads(write_kept(LIFTED))
    kept["data"]["since"] = "a later release"
    assert read_kept(json.dumps(kept).encode(), WeightTaken) == LIFTED


def test_a_kept_event_that_cannot_be_read_says_why() -> None:
    newer = write_kept(LIFTED).replace(b".v3", b".v4")
    lost = write_kept(OLD.model_copy(update={"pounds": LOST_POUNDS}))
    broken = write_kept(LIFTED).replace(b'"grams":908', b'"grams":"908"')
    for kept, why in (
        (newer, "newer than us"),
        (lost, "the upcaster of scale.weight-taken.v1 failed: LookupError"),
        (broken, "grams: int_type"),
    ):
        with pytest.raises(UnreadableEventError, match=why):
            read_kept(kept, WeightTaken)
    with pytest.raises(UnreadableEventError, match=r"v3 is kept where scale\.weight-taken\.v1"):
        read_kept(write_kept(LIFTED), WeightTakenV1)
