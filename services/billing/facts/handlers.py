"""Keep the facts that claims wait for, and release the claims that waited for them."""

from __future__ import annotations

from libs.events.contracts.agreements import PracticeOnboarded
from libs.events.contracts.credentialing import ProviderCredentialed, ProviderEnrolled
from libs.events.transport import UnitOfWork
from services.billing.claims.release import release_held_claims
from services.billing.facts import store


async def know_practice(practice: PracticeOnboarded, uow: UnitOfWork) -> None:
    await store.add_practice(uow.db, practice)
    await release_held_claims(uow)


async def know_provider(provider: ProviderCredentialed, uow: UnitOfWork) -> None:
    await store.add_provider(uow.db, provider)
    await release_held_claims(uow, npi=provider.npi)


async def know_enrollment(enrolled: ProviderEnrolled, uow: UnitOfWork) -> None:
    await store.add_enrollment(uow.db, enrolled)
    await release_held_claims(uow, npi=enrolled.npi)
