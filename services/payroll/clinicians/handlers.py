"""Who the practice's clinicians are, as credentialing says."""

from __future__ import annotations

from libs.events.contracts.credentialing import ProviderCredentialed
from libs.events.transport import UnitOfWork
from services.payroll.clinicians import store


async def know_clinician(credentialed: ProviderCredentialed, uow: UnitOfWork) -> None:
    """Keep the clinician's name; pay itself does not wait for it, a visit may be heard first."""
    await store.keep_clinician(uow.db, credentialed)
