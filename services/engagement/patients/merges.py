"""Two charts are one patient, or no longer: one address, one language, and the stricter consent.

Each chart keeps its own consent and messages, so that nothing is to be sorted out when it is
parted; what is asked, is asked of the chart that it goes by.
"""

from __future__ import annotations

from libs.events.contracts.interop import PatientMerged, PatientUnmerged
from libs.events.transport import UnitOfWork
from services.engagement.consents import store as consents
from services.engagement.consents.change import give_consent, withdraw_consent
from services.engagement.consents.model import stricter
from services.engagement.outreach import plan
from services.engagement.patients import store
from services.engagement.practices import store as practices


async def follow_merge(merged: PatientMerged, uow: UnitOfWork) -> None:
    """Who said STOP under either chart has said it; what waits goes to the survivor's address."""
    await _lock(merged, uow)
    await store.keep_alias(uow.db, uow.practice_id, merged.patient_id, merged.survivor_id)
    theirs = await consents.find_consent(uow.db, uow.practice_id, merged.patient_id, "email")
    ours = await consents.find_consent(uow.db, uow.practice_id, merged.survivor_id, "email")
    state = stricter(theirs and theirs[0], ours and ours[0])
    if state == "withdrawn":
        await withdraw_consent(uow, merged.survivor_id, "email", "merge")
    elif state == "given":
        await give_consent(uow, merged.survivor_id, "email", "merge")
    await plan.settle_again(uow, merged.patient_id)


async def follow_unmerge(parted: PatientUnmerged, uow: UnitOfWork) -> None:
    """The chart's own consent and address count again; who was stopped meanwhile stays stopped."""
    await _lock(parted, uow)
    await store.forget_alias(uow.db, uow.practice_id, parted.patient_id)
    await plan.settle_again(uow, parted.patient_id)


async def _lock(told: PatientMerged | PatientUnmerged, uow: UnitOfWork) -> None:
    """The chart before the chart that it goes by, as everywhere."""
    await practices.share_practice(uow.db, uow.practice_id)
    await store.lock_chart(uow.db, uow.practice_id, told.patient_id)
    await store.lock_chart(uow.db, uow.practice_id, told.survivor_id)
