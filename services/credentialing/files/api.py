"""Open a provider file, record the committee's decision, record enrollments with payers."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, HTTPException
from pydantic import StringConstraints

from libs.events.contracts import Contract
from libs.events.contracts.credentialing import ProviderCredentialed, ProviderEnrolled
from libs.events.contracts.values import Npi, PayerId, PracticeId, ProviderId, Short
from libs.events.transport import UnitOfWork
from libs.service.http import Uow, json_body
from services.credentialing.files import store
from services.credentialing.files.model import (
    Decision,
    Enrollment,
    Provider,
    ProviderFile,
    RefusedError,
    decide_credentialing,
    decide_enrollment,
)

routes = APIRouter(prefix="/providers", tags=["providers"])

Taxonomy = Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{10}$")]
"""NUCC Health Care Provider Taxonomy code."""


class OpenProviderFile(Contract):
    """Who the file is about; one file per NPI in a practice."""

    provider_id: ProviderId
    npi: Npi
    family: Short
    given: Short
    taxonomy: Taxonomy


class CredentialProvider(Contract):
    """The committee's approval, good for [credentialed_on, expires_on): at most 36 months."""

    credentialed_on: date
    expires_on: date


class EnrollProvider(Contract):
    """A payer's approval, good for [effective_on, ends_on); None: open."""

    payer_id: PayerId
    effective_on: date
    ends_on: date | None = None


class DecisionView(Contract):
    credentialed_on: date
    expires_on: date


class EnrollmentView(Contract):
    payer_id: str
    effective_on: date
    ends_on: date | None


class ProviderView(Contract):
    """A provider file; decisions and enrollments oldest first."""

    provider_id: UUID
    npi: str
    family: str
    given: str
    taxonomy: str
    credentialed: bool
    """A decision holds today."""
    decisions: tuple[DecisionView, ...]
    enrollments: tuple[EnrollmentView, ...]

    @classmethod
    def of(cls, file: ProviderFile, today: date) -> ProviderView:
        provider = file.provider
        return cls(
            provider_id=provider.provider_id,
            npi=provider.npi,
            family=provider.family,
            given=provider.given,
            taxonomy=provider.taxonomy,
            credentialed=any(d.holds_on(today) for d in file.decisions),
            decisions=tuple(
                DecisionView(credentialed_on=d.credentialed_on, expires_on=d.expires_on)
                for d in file.decisions
            ),
            enrollments=tuple(
                EnrollmentView(payer_id=e.payer_id, effective_on=e.effective_on, ends_on=e.ends_on)
                for e in file.enrollments
            ),
        )


@routes.post("", status_code=201)
async def open_provider_file(
    command: Annotated[OpenProviderFile, json_body(OpenProviderFile)], uow: Uow
) -> ProviderView:
    """Open a file; the same again answers the same, another content or a known NPI 409."""
    provider = Provider(
        provider_id=command.provider_id,
        npi=command.npi,
        family=command.family,
        given=command.given,
        taxonomy=command.taxonomy,
    )
    if not await store.add_provider(uow.db, uow.practice_id, provider, uow.now):
        file = await store.find_file(uow.db, uow.practice_id, command.provider_id)
        if file is None:
            raise HTTPException(409, "this NPI has a file under another provider_id")
        if file.provider != provider:
            raise HTTPException(409, "this provider_id has a file with other content")
    return await _view(uow, command.provider_id)


@routes.get("")
async def list_provider_files(uow: Uow) -> list[ProviderView]:
    """The practice's files, by name."""
    files = await store.list_files(uow.db, uow.practice_id)
    return [ProviderView.of(file, uow.now.date()) for file in files]


@routes.get("/{provider_id}")
async def show_provider_file(provider_id: UUID, uow: Uow) -> ProviderView:
    return await _view(uow, provider_id)


@routes.post("/{provider_id}/credentialing", status_code=201)
async def credential_provider(
    provider_id: UUID,
    command: Annotated[CredentialProvider, json_body(CredentialProvider)],
    uow: Uow,
) -> ProviderView:
    """Record the committee's decision; publishes ProviderCredentialed once. 409 where refused."""
    file = await _lock(uow, provider_id)
    decision = Decision(command.credentialed_on, command.expires_on)
    try:
        is_new = decide_credentialing(file, decision)
    except RefusedError as refused:
        raise HTTPException(409, str(refused)) from None
    if is_new:
        await store.add_decision(uow.db, uow.practice_id, provider_id, decision, uow.now)
        await uow.publish(
            ProviderCredentialed(
                practice_id=PracticeId(uow.practice_id),
                provider_id=ProviderId(provider_id),
                npi=file.provider.npi,
                family=file.provider.family,
                given=file.provider.given,
                taxonomy=file.provider.taxonomy,
                credentialed_on=decision.credentialed_on,
                expires_on=decision.expires_on,
            )
        )
    return await _view(uow, provider_id)


@routes.post("/{provider_id}/enrollments", status_code=201)
async def enroll_provider(
    provider_id: UUID, command: Annotated[EnrollProvider, json_body(EnrollProvider)], uow: Uow
) -> ProviderView:
    """Record a payer's approval; publishes ProviderEnrolled once. 409 where refused."""
    file = await _lock(uow, provider_id)
    enrollment = Enrollment(command.payer_id, command.effective_on, command.ends_on)
    try:
        is_new = decide_enrollment(file, enrollment)
    except RefusedError as refused:
        raise HTTPException(409, str(refused)) from None
    if is_new:
        await store.add_enrollment(uow.db, uow.practice_id, provider_id, enrollment, uow.now)
        await uow.publish(
            ProviderEnrolled(
                practice_id=PracticeId(uow.practice_id),
                provider_id=ProviderId(provider_id),
                npi=file.provider.npi,
                payer_id=enrollment.payer_id,
                effective_on=enrollment.effective_on,
                ends_on=enrollment.ends_on,
            )
        )
    return await _view(uow, provider_id)


async def _lock(uow: UnitOfWork, provider_id: UUID) -> ProviderFile:
    file = await store.lock_file(uow.db, uow.practice_id, provider_id)
    if file is None:
        raise HTTPException(404, "there is no such provider file")
    return file


async def _view(uow: UnitOfWork, provider_id: UUID) -> ProviderView:
    file = await store.find_file(uow.db, uow.practice_id, provider_id)
    if file is None:
        raise HTTPException(404, "there is no such provider file")
    return ProviderView.of(file, uow.now.date())
