"""Charts that are one patient: kept beside the claims, which stay as they were posted.

Nothing in the journal moves: an account is the sum over a patient's charts, so a merge adds two
accounts up, and its end leaves each with what its own visits were charged.
"""

from __future__ import annotations

from libs.events.contracts.interop import PatientMerged, PatientUnmerged
from libs.events.transport import UnitOfWork
from services.billing.patients import store


async def follow_merge(merged: PatientMerged, uow: UnitOfWork) -> None:
    await store.keep_alias(uow.db, uow.practice_id, merged.patient_id, merged.survivor_id)


async def follow_unmerge(parted: PatientUnmerged, uow: UnitOfWork) -> None:
    await store.forget_alias(uow.db, uow.practice_id, parted.patient_id)
