"""An exchange folder as billing fills and empties it, for the tests of the payer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from services.billing.x12 import write_837p
from services.billing.x12.claims_837p import ProfessionalClaim
from services.billing.x12.write_276 import (
    AskedPatient,
    StatusQuestion,
    StatusQuestions,
    write_276,
)
from tests.billing.x12.batches import CHILD, PATIENT, batch, claim
from tests.billing.x12.validated import accepted


def sample_claims(interchange: int, count: int = 12) -> tuple[ProfessionalClaim, ...]:
    """Claims for two payers, one line to three, one of them a child's."""
    made = [
        claim(
            f"C{interchange:03d}N{number:03d}",
            lines=1 + number % 3,
            payer=f"PAYER{number % 2}",
            cents=9_999 + 137 * number,
        )
        for number in range(count)
    ]
    return (replace(made[0], patient=CHILD), *made[1:])


def submit(exchange: Path, interchange: int, *claims: ProfessionalClaim) -> bytes:
    """Write an 837P as billing does: whole or not at all. Gives its bytes."""
    outbound = exchange / "practice-a" / "outbound"
    outbound.mkdir(parents=True, exist_ok=True)
    made = batch(*(claims or sample_claims(interchange)), interchange=interchange)
    content = accepted(write_837p(made))
    part = outbound / f"{interchange:09d}.part"
    part.write_bytes(content)
    part.rename(part.with_suffix(".837"))
    return content


def ask_after(exchange: Path, interchange: int, asked: ProfessionalClaim) -> None:
    """Write a 276 about a claim, as billing does."""
    made = batch(asked)
    question = StatusQuestion(
        trace_number="T1",
        control_number=asked.control_number,
        payer_claim_number=asked.payer_claim_control_number,
        charge_cents=asked.charge_cents,
        service_on=asked.lines[0].service_on,
        member_id=asked.subscriber.member_id,
        patient=AskedPatient(asked.subscriber.name, PATIENT.born_on, PATIENT.sex),
        is_subscriber=True,
    )
    content = write_276(
        StatusQuestions(
            sender_id=made.sender_id,
            receiver_id=made.receiver_id,
            control=interchange,
            written_at=made.written_at,
            usage=made.usage,
            payer=asked.payer,
            provider_name=made.billing_provider.name,
            provider_npi=made.billing_provider.npi,
            questions=(question,),
        )
    )
    (exchange / "practice-a" / "outbound" / f"{interchange:09d}.276").write_bytes(content)


def inbound_files(exchange: Path) -> dict[str, bytes]:
    """Every answer that waits, by name."""
    folder = exchange / "practice-a" / "inbound"
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*"))}
