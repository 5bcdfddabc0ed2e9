"""Ready claims go out together: one interchange per practice and payer, numbered without gaps."""

from __future__ import annotations

import os
from pathlib import Path
from uuid import UUID

from pydantic_settings import BaseSettings, SettingsConfigDict

from libs.events.contracts.billing import ClaimSubmitted
from libs.events.contracts.values import ClaimId, PracticeId, month_of
from libs.events.transport import Origin, Timer, UnitOfWork, Work
from services.billing.claims import store
from services.billing.claims.compose import compose_claim
from services.billing.claims.interchange import write_interchange
from services.billing.claims.model import State
from services.billing.facts.store import find_practice

SEND_TIMER = "send-interchange"
MOST_CLAIMS = 5000
"""In one transaction set (005010X222A1, section 1.3.2)."""

ADD_INTERCHANGE = """
INSERT INTO interchange (practice_id, interchange_number, payer_id, content, made_at)
VALUES ($1, $2, $3, $4, $5)
"""
READ_INTERCHANGE = """
SELECT content FROM interchange WHERE practice_id = $1 AND interchange_number = $2
"""
CONFIRM_SENT = """
UPDATE interchange SET sent_at = $3
 WHERE practice_id = $1 AND interchange_number = $2 AND sent_at IS NULL
"""


class ExchangeSettings(BaseSettings):
    """BILLING_EXCHANGE_DIR: the directory that the payer's files travel through."""

    model_config = SettingsConfigDict(env_prefix="BILLING_")

    exchange_dir: Path = Path(".local/exchange")


async def submit_claims(timer: Timer, uow: UnitOfWork) -> None:
    """Put the payer's ready claims into one interchange and set it on its way."""
    payer_id = timer.key
    claims = await store.lock_in_state(
        uow.db, uow.practice_id, State.READY, payer=payer_id, most=MOST_CLAIMS
    )
    if not claims:
        return
    if len(claims) == MOST_CLAIMS:
        await uow.set_timer(timer.name, payer_id, uow.now)
    practice = await find_practice(uow.db, uow.practice_id)
    said = [
        await compose_claim(uow, claim, await store.read_encounter(uow, claim)) for claim in claims
    ]
    number = await store.next_number(uow.db, uow.practice_id, "interchange")
    content = write_interchange(number, dict(practice), said, uow.now)
    sealed = uow.seal(content, _place(number))
    await uow.db.execute(ADD_INTERCHANGE, uow.practice_id, number, payer_id, sealed, uow.now)
    await store.set_interchange(uow.db, uow.practice_id, claims, number)
    for claim in claims:
        submitted = ClaimSubmitted(
            practice_id=PracticeId(uow.practice_id),
            claim_id=ClaimId(claim.claim_id),
            payer_id=payer_id,
            interchange_number=number,
            charge_cents=claim.charge_cents,
            service_month=month_of(claim.service_on),
        )
        origin = await uow.publish(submitted, origin=Origin.load(claim.origin))
        await store.move(uow.db, claim, State.SUBMITTED, uow.now, origin=origin.dump())
    await uow.set_timer(SEND_TIMER, str(number), uow.now)


async def send_interchange(timer: Timer, work: Work) -> None:
    """Write the interchange's file, whole or not at all; again only where nobody has it yet."""
    number = int(timer.key)
    async with work.unit_of_work(timer.practice_id) as uow:
        sealed = await uow.db.fetchval(READ_INTERCHANGE, timer.practice_id, number)
        content = uow.unseal(sealed, _place(number))
    _write_file(timer.practice_id, number, content)
    async with work.unit_of_work(timer.practice_id) as uow:
        await uow.db.execute(CONFIRM_SENT, timer.practice_id, number, uow.now)


def _place(number: int) -> str:
    return f"interchange/{number}"


def _write_file(practice_id: UUID, number: int, content: bytes) -> None:
    outbound = ExchangeSettings().exchange_dir / str(practice_id) / "outbound"
    outbound.mkdir(parents=True, exist_ok=True)
    name = f"{number:09d}.837"
    if (outbound / name).exists() or (outbound / "taken" / name).exists():
        return
    part = outbound / f"{name}.part"
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.rename(outbound / name)
