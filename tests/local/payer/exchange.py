"""An exchange folder as billing fills and empties it, for the tests of the payer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from services.billing.x12 import write_837p
from services.billing.x12.claims_837p import ProfessionalClaim
from tests.billing.x12.batches import CHILD, batch, claim
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


def inbound_files(exchange: Path) -> dict[str, bytes]:
    """Every answer that waits, by name."""
    folder = exchange / "practice-a" / "inbound"
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*"))}
