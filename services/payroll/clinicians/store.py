"""The SQL of clinicians: who may be paid for visits here."""

from __future__ import annotations

from libs.events.contracts.credentialing import ProviderCredentialed
from libs.events.transport.database import Db

KEEP_CLINICIAN = """
INSERT INTO clinician (practice_id, npi, provider_id, family, given, credentialed_on, expires_on)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (practice_id, npi) DO UPDATE
   SET provider_id = excluded.provider_id, family = excluded.family, given = excluded.given,
       credentialed_on = excluded.credentialed_on, expires_on = excluded.expires_on
"""


async def keep_clinician(db: Db, clinician: ProviderCredentialed) -> None:
    await db.execute(
        KEEP_CLINICIAN,
        clinician.practice_id,
        clinician.npi,
        clinician.provider_id,
        clinician.family,
        clinician.given,
        clinician.credentialed_on,
        clinician.expires_on,
    )
