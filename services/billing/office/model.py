"""Whom a payer asks about a practice's claims, and where the practice works beside its office."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints
from pydantic_settings import BaseSettings, SettingsConfigDict

from libs.events.contracts import Contract
from libs.events.contracts.agreements import PostalAddress
from libs.events.contracts.values import Npi

PhoneNumber = Annotated[str, StringConstraints(pattern=r"^[0-9]{10}$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=60)]


class OfficeSettings(BaseSettings):
    """BILLING_CONTACT_NAME, BILLING_CONTACT_PHONE: the MSO's billing desk, which answers for every
    practice that has named nobody else."""

    model_config = SettingsConfigDict(env_prefix="BILLING_")

    contact_name: Name = "BILLING OFFICE"
    contact_phone: PhoneNumber = "8005550100"


class BillingOffice(Contract):
    """Whom the receiver of a file may call about it (005010X222A1, loop 1000A PER)."""

    contact_name: Name = Field(default_factory=lambda: OfficeSettings().contact_name)
    contact_phone: PhoneNumber = Field(default_factory=lambda: OfficeSettings().contact_phone)


class Facility(Contract):
    """Where services are given that are not given at the practice's own address (loop 2310C)."""

    name: Name
    npi: Npi | None = None
    address: PostalAddress
