"""Where something stands in a payment, as the cursor of a list: REMITTANCE_ID/PLACE."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import HTTPException, Query

AfterPlace = Annotated[str | None, Query(pattern=r"^[0-9a-f-]{36}/[1-9][0-9]{0,8}$")]


def read_place(after: str | None) -> tuple[UUID, int] | None:
    """The last one seen; None: the list begins."""
    if after is None:
        return None
    remittance_id, _, place = after.partition("/")
    try:
        return UUID(remittance_id), int(place)
    except ValueError:
        raise HTTPException(422, "after is REMITTANCE_ID/PLACE") from None
