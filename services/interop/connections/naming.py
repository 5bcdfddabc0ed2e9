"""How keys, tokens and clients name their practice and connection."""

from __future__ import annotations

from uuid import UUID


def read_named(text: str, prefix: str) -> tuple[UUID, UUID, str] | None:
    """Practice, connection and the rest of `<prefix>_<uuid hex>_<uuid hex>_<rest>`.

    What names its practice can be looked up behind row-level security before anybody is known.
    """
    parts = text.split("_", 3)
    if len(parts) != 4 or parts[0] != prefix or not text.isascii():
        return None
    if len(parts[1]) != 32 or len(parts[2]) != 32:
        return None
    try:
        return UUID(hex=parts[1]), UUID(hex=parts[2]), parts[3]
    except ValueError:
        return None
