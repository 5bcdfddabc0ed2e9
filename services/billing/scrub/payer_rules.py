"""Which procedures a payer wants to agree to beforehand: lists, each from a day on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid5

from libs.events.transport import UnitOfWork

ADD_RULE = """
INSERT INTO payer_rule (practice_id, payer_rule_id, payer_id, effective_on, authorization_codes,
                        told_at, told_by)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING
"""
READ_LISTS = """
SELECT DISTINCT ON (effective_on) effective_on, authorization_codes FROM payer_rule
 WHERE practice_id = $1 AND payer_id = $2 ORDER BY effective_on, told_at DESC
"""


@dataclass(frozen=True, slots=True)
class Listed:
    """What a payer wants to agree to, of services from a day on until the next list."""

    effective_on: date
    codes: tuple[str, ...]


def lists_with(lists: Sequence[Listed], code: str, on: date) -> list[Listed]:
    """What is to be told so that the code is on the list of `on`, and of every later day.

    `lists`: as they stand, by day. Lists of days to come keep what they say besides.
    """
    before = [one for one in lists if one.effective_on <= on]
    today = Listed(on, before[-1].codes if before else ())
    later = [one for one in lists if one.effective_on > on]
    return [
        Listed(one.effective_on, (*one.codes, code))
        for one in (today, *later)
        if code not in one.codes
    ]


async def require_authorization(
    uow: UnitOfWork, payer_id: str, code: str, *, because_of: UUID, by: str
) -> None:
    """Services from today on need the payer's number. The caller holds `lock_standing`.

    `because_of` names it: the same again changes nothing.
    """
    rows = await uow.db.fetch(READ_LISTS, uow.practice_id, payer_id)
    lists = [Listed(on, tuple(codes)) for on, codes in rows]
    for one in lists_with(lists, code, uow.now.date()):
        rule_id = uuid5(because_of, str(one.effective_on))
        row = rule_id, payer_id, one.effective_on, one.codes, uow.now, by
        await uow.db.execute(ADD_RULE, uow.practice_id, *row)
