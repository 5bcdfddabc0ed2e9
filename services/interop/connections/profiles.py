"""A connection's profile: see it and its versions, and change it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Query

from libs.events.contracts import Contract
from libs.events.transport import UnitOfWork
from libs.service.http import Uow, json_body, known_caller
from libs.service.operators import Caller
from services.interop.connections import profile_store as store
from services.interop.connections.model import Connection, Profile
from services.interop.connections.store import find_connection, lock_connection

routes = APIRouter(prefix="/connections", tags=["connections"])


class ProfileVersion(Contract):
    """When a version came, and who wrote it; None: it is the one of the opening."""

    version: int
    changed_at: datetime
    changed_by: str | None


class ProfileView(ProfileVersion):
    """A version of a connection's profile."""

    profile: Profile


@routes.get("/{connection_id}/profile")
async def show_profile(
    connection_id: UUID, uow: Uow, version: Annotated[int | None, Query(ge=1)] = None
) -> ProfileView:
    """The profile in force, or the version asked for."""
    versions = await _versions(connection_id, uow)
    found = [one for one in versions if version in (None, one.version)]
    if not found:
        raise HTTPException(404, "this connection's profile has no such version")
    return found[-1]


@routes.get("/{connection_id}/profiles")
async def list_profiles(connection_id: UUID, uow: Uow) -> list[ProfileVersion]:
    """The versions of the profile, the first one first."""
    names = ProfileVersion.model_fields
    versions = await _versions(connection_id, uow)
    return [ProfileVersion(**{name: getattr(v, name) for name in names}) for v in versions]


@routes.put("/{connection_id}/profile")
async def change_profile(
    connection_id: UUID,
    profile: Annotated[Profile, json_body(Profile)],
    uow: Uow,
    caller: Annotated[Caller, Depends(known_caller)],
) -> ProfileView:
    """Replace the profile for messages from now on; the same one again changes nothing.

    What was refused for want of it is taken again by `POST /messages/{id}/reprocess`.
    """
    connection = await lock_connection(uow.db, uow.practice_id, connection_id)
    if connection is not None:
        try:
            profile.check_for(connection.kind)
        except ValueError as error:
            raise HTTPException(422, str(error)) from None
    current = (await _versions(connection_id, uow))[-1]
    if current.profile == profile:
        return current
    if current.version == 1:
        await store.add_profile(uow.db, uow.practice_id, connection_id, _row(current))
    changed = ProfileView(
        version=current.version + 1, changed_at=uow.now, changed_by=caller.name, profile=profile
    )
    await store.add_profile(uow.db, uow.practice_id, connection_id, _row(changed))
    await store.set_profile(uow.db, uow.practice_id, connection_id, profile)
    return changed


async def profile_at(connection: Connection, at: datetime, uow: UnitOfWork) -> ProfileView:
    """The version that was in force at a moment."""
    versions = await _versions(connection.connection_id, uow)
    return [one for one in versions if one.changed_at <= at or one.version == 1][-1]


async def _versions(connection_id: UUID, uow: UnitOfWork) -> list[ProfileView]:
    """Every version, the first one first; there is always one."""
    connection = await find_connection(uow.db, uow.practice_id, connection_id)
    if connection is None:
        raise HTTPException(404, "no such connection")
    rows = await store.list_profiles(uow.db, uow.practice_id, connection_id)
    kept = [ProfileView(**row) for row in rows]
    opened = ProfileView(
        version=1, changed_at=connection.opened_at, changed_by=None, profile=connection.profile
    )
    return kept or [opened]


def _row(version: ProfileView) -> store.Row:
    return version.version, version.profile, version.changed_at, version.changed_by
