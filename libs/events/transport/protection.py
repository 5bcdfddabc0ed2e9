"""Marked fields: sealed where an event is published, opened where it is read, hidden in between.

A sealed field is an object, `{"alg": "A256GCM", "kid": …, "iv": …, "ct": …}`: AES-256-GCM over the
field's JSON with the practice's data key, a random 96-bit nonce, the tag at the end of `ct`, all in
base64url without padding. `null` stays `null`. The associated data are four lines, with no line end
after the last: practice id, event type, JSON Pointer of the field (RFC 6901), the record's key. So
what was sealed opens in its own practice, contract, field and aggregate only.
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Callable, Mapping
from typing import Any, cast
from uuid import UUID

from cryptography.exceptions import InvalidTag

from libs.events.contracts import Event
from libs.events.contracts.marks import Items, Marked, Marks, marks_of
from libs.events.transport.faults import SealError, UnreadableEventError
from libs.events.transport.keys import DataKey, KeyErasedError, Keys, KeyUnavailableError

ALGORITHM = "A256GCM"
NONCE_BYTES = 12

_MEMBERS = {"alg", "kid", "iv", "ct"}
_KID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class ErasedEventError(UnreadableEventError):
    """An event's marked fields are of a practice whose keys were erased: nobody can read them."""


def seal_marked(event: Event, data: bytes, keys: Keys) -> bytes:
    """The wire form of an event's JSON; raises KeyUnavailableError. Free of cost without marks."""
    marks = marks_of(type(event))
    if not marks:
        return data
    key = keys.sealing(event.practice_id)
    before, after = _around(event.practice_id, event.type, event.key_value)

    def seal_field(value: Any, at: str) -> dict[str, str]:
        return seal(_dump(value), key, f"{before}{at}{after}".encode())

    return _dump(_changed(json.loads(data), marks, "", seal_field))


def open_marked(
    contract: type[Event],
    value: bytes,
    *,
    practice_id: UUID,
    key: str,
    keys: Keys,
    clear_too: bool = False,
) -> bytes:
    """An event's JSON from its wire form; free of cost for a contract without marks.

    `key`: the record's. `clear_too`: fields may also come unsealed, as partners send them over TLS.
    Raises UnreadableEventError naming the field, ErasedEventError for an erased practice.
    """
    marks = marks_of(contract)
    if not marks:
        return value
    data = _parse(value)
    found: Mapping[str, DataKey] | None = None

    def open_field(value: Any, at: str) -> Any:
        nonlocal found
        if clear_too and not _is_sealed(value):
            return value
        try:
            found = keys.opening(practice_id) if found is None else found
            place = _place(practice_id, contract.type, at, key)
            return json.loads(unseal(value, found, place))
        except ValueError:
            raise UnreadableEventError(f"{at}: what was sealed is no JSON") from None
        except KeyErasedError as error:
            raise ErasedEventError(f"{at}: {error}") from None
        except (KeyUnavailableError, SealError) as error:
            why = _foreign(contract, data, practice_id, key)
            raise UnreadableEventError(why or f"{at}: {error}") from None

    return _dump(_changed(data, marks, "", open_field), ascii_only=True)


def _foreign(contract: type[Event], data: Any, practice_id: UUID, key: str) -> str | None:
    """The plainer reason why a field does not open, where the record contradicts its own data."""
    said = cast(dict[str, Any], data) if isinstance(data, dict) else {}
    if said.get("practice_id") != str(practice_id):
        return "ce_practiceid is not the data's practice_id"
    if str(said.get(contract.key)) != key:
        return "the record's key is not the contract's key"
    return None


def seal_kept(value: bytes, place: str, service: str, practice_id: UUID, keys: Keys) -> bytes:
    """Bytes for a service's own table, sealed for one place of it; raises KeyUnavailableError."""
    return _dump(seal(value, keys.sealing(practice_id), _kept(service, practice_id, place)))


def open_kept(sealed: bytes, place: str, service: str, practice_id: UUID, keys: Keys) -> bytes:
    """What `seal_kept` sealed for this place; raises SealError naming it, KeyUnavailableError."""
    found = keys.opening(practice_id)
    try:
        return unseal(json.loads(sealed), found, _kept(service, practice_id, place))
    except SealError as error:
        raise SealError(f"{place}: {error}") from None
    except ValueError:
        raise SealError(f"{place}: is no encrypted value") from None


def _kept(service: str, practice_id: UUID, place: str) -> bytes:
    """No event type holds a space, so nothing sealed for a table opens as an event's field."""
    return _place(practice_id, f"{service} at rest", place, "")


def seal(plain: bytes, key: DataKey, place: bytes) -> dict[str, str]:
    """Encrypt bytes for one place, which is authenticated but not kept."""
    nonce = os.urandom(NONCE_BYTES)
    sealed = key.cipher.encrypt(nonce, plain, place)
    return {"alg": ALGORITHM, "kid": key.kid, "iv": _text(nonce), "ct": _text(sealed)}


def unseal(value: Any, keys: Mapping[str, DataKey], place: bytes) -> bytes:
    """Decrypt what was sealed for this place; raises SealError, which never repeats the value."""
    if not _is_sealed(value):
        raise SealError("is no encrypted value, as a marked field must be")
    key = keys.get(value["kid"])
    if key is None:
        raise SealError(f"the practice's key {value['kid']} is not here; bring it back")
    try:
        return key.cipher.decrypt(_bytes(value["iv"]), _bytes(value["ct"]), place)
    except (ValueError, InvalidTag):
        raise SealError(
            "does not open: it was changed, or is another practice's, contract's, field's or "
            "aggregate's"
        ) from None


def _is_sealed(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    members = cast(dict[str, Any], value)
    return (
        members.keys() == _MEMBERS
        and all(isinstance(member, str) for member in members.values())
        and members["alg"] == ALGORITHM
        and _KID.fullmatch(members["kid"]) is not None
    )


def _place(practice_id: UUID, kind: str, at: str, key: str) -> bytes:
    before, after = _around(practice_id, kind, key)
    return f"{before}{at}{after}".encode()


def _around(practice_id: UUID, kind: str, key: str) -> tuple[str, str]:
    """What stands before and after the place of each field of an event, which has a dozen."""
    return f"{practice_id}\n{kind}\n", f"\n{key}"


def _changed(data: Any, marks: Marks, at: str, change: Callable[[Any, str], Any]) -> Any:
    """The data with each marked value changed; what has another shape is the contract's to refuse.

    `at`: the JSON Pointer of this place; field names need no escapes.
    """
    if isinstance(marks, Marked):
        return None if data is None else change(data, at)
    if isinstance(marks, Items):
        if isinstance(data, list):
            items = cast(list[Any], data)
            return [_changed(item, marks.each, f"{at}/{n}", change) for n, item in enumerate(items)]
    elif isinstance(data, dict):
        for name in marks.keys() & data.keys():
            data[name] = _changed(data[name], marks[name], f"{at}/{name}", change)
    return data


def _parse(value: bytes) -> Any:
    try:
        return json.loads(value.decode(), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise UnreadableEventError("the data is no JSON: json_invalid") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise UnreadableEventError("the data holds a name twice")
    return found


# Made once: `json.dumps` makes one for each value that is not written in its usual way.
_WRITE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_WRITE_ASCII = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode


def _dump(value: Any, *, ascii_only: bool = False) -> bytes:
    """Half a surrogate pair, which a sender may escape, can be written again as an escape only."""
    return (_WRITE_ASCII if ascii_only else _WRITE)(value).encode()


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
