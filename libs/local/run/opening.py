"""Open claims that a practice brings along, and a remittance for them that nobody here wrote."""

from __future__ import annotations

from pathlib import Path

from libs.local.demo.practices import PAYERS, Practice
from libs.local.files import write_whole
from libs.local.run.platform import LocalPlatform
from libs.local.run.seed import SAMPLES, SeedingError
from libs.local.run.wire import post

SAMPLE_835 = SAMPLES / "x12" / "lfh-demo.835"
CLAIMS = (("666123", "2002-08-16", 21_136_697), ("777777", "2002-05-12", 1_500_000))
"""Control number, first day of service and charge in cents, as the sample remittance has them."""


async def take_over_open_claims(platform: LocalPlatform, practice: Practice) -> None:
    """Take the claims over, then let the payer's file come in."""
    practice_id = str(practice.practice_id)
    async with platform.client("billing", practice_id) as client:
        for control_number, service_on, cents in CLAIMS:
            answer = await post(client, "/opening-claims", json={
                "claim_id": str(practice.id_of("opening", control_number)),
                "control_number": control_number,
                "payer_id": PAYERS[1].payer_id,
                "service_on": service_on,
                "charge_cents": cents,
            })  # fmt: skip
            if not answer.is_success:
                raise SeedingError(f"billing answered {answer.status_code}: {answer.text}")
    _deliver(SAMPLE_835, platform.exchange / practice_id / "inbound")


def _deliver(file: Path, inbound: Path) -> None:
    """Put a file into the exchange as a payer does: whole, under its name, at once."""
    inbound.mkdir(parents=True, exist_ok=True)
    if (inbound / "posted" / file.name).exists():
        return
    write_whole(inbound / file.name, file.read_bytes())
