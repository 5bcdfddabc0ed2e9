"""The SQL of applications for charity care."""

from __future__ import annotations

from uuid import UUID

from libs.events.transport import UnitOfWork
from libs.events.transport.database import Db
from services.billing.balances.assistance.model import Application, ApplicationState
from services.billing.balances.store import PatientAccount, lock_with_account

COLUMNS = """application_id, account_id, received_on, percent_of_guideline, discount_percent,
       state, proposed_by, decided_by"""
ADD_APPLICATION = """
INSERT INTO assistance_application (practice_id, application_id, account_id, received_on,
                                    household, percent_of_guideline, discount_percent, state,
                                    command_sha256)
VALUES ($1, $2, $3, $4, $5, $6, $7, 'received', $8)
"""
FIND_COMMAND = """
SELECT command_sha256 FROM assistance_application WHERE practice_id = $1 AND application_id = $2
"""
FIND_APPLICATION = f"""
SELECT {COLUMNS} FROM assistance_application WHERE practice_id = $1 AND application_id = $2
"""
HAS_PENDING = """
SELECT EXISTS (SELECT FROM assistance_application
                WHERE practice_id = $1 AND account_id = ANY ($2::uuid[])
                  AND state IN ('received', 'proposed'))
"""
DECIDE = """
UPDATE assistance_application
   SET state = $3, proposed_by = $4, decided_by = $5
 WHERE practice_id = $1 AND application_id = $2
"""
LIST_APPLICATIONS = f"""
SELECT {COLUMNS} FROM assistance_application
 WHERE practice_id = $1 AND ($2::text IS NULL OR state = $2)
   AND ($3::uuid IS NULL OR made > (SELECT made FROM assistance_application
                                     WHERE practice_id = $1 AND application_id = $3))
 ORDER BY made LIMIT $4
"""


async def add_application(
    uow: UnitOfWork, application: Application, household: bytes, command_sha256: bytes
) -> None:
    sealed = uow.seal(household, f"assistance/{application.application_id}")
    await uow.db.execute(
        ADD_APPLICATION, uow.practice_id, application.application_id, application.account_id,
        application.received_on, sealed, application.percent_of_guideline,
        application.discount_percent, command_sha256,
    )  # fmt: skip


async def find_command(db: Db, practice_id: UUID, application_id: UUID) -> bytes | None:
    return await db.fetchval(FIND_COMMAND, practice_id, application_id)


async def find_application(db: Db, practice_id: UUID, application_id: UUID) -> Application | None:
    row = await db.fetchrow(FIND_APPLICATION, practice_id, application_id)
    return Application(**dict(row)) if row else None


async def lock_application(
    db: Db, practice_id: UUID, application_id: UUID
) -> tuple[PatientAccount, Application] | None:
    """An application and its account."""
    return await lock_with_account(
        db, practice_id, lambda: find_application(db, practice_id, application_id)
    )


async def has_pending(db: Db, practice_id: UUID, charts: list[UUID]) -> bool:
    """Whether an application waits for its decision."""
    return await db.fetchval(HAS_PENDING, practice_id, charts)


async def note_decision(db: Db, practice_id: UUID, decided: Application) -> None:
    await db.execute(
        DECIDE, practice_id, decided.application_id, decided.state, decided.proposed_by,
        decided.decided_by,
    )  # fmt: skip


async def list_applications(
    db: Db,
    practice_id: UUID,
    state: ApplicationState | None,
    limit: int,
    after: UUID | None,
) -> list[Application]:
    rows = await db.fetch(LIST_APPLICATIONS, practice_id, state, after, limit)
    return [Application(**dict(row)) for row in rows]
