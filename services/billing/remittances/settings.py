"""Whose remittances are taken."""

from __future__ import annotations

from pydantic_settings import BaseSettings, SettingsConfigDict

from services.billing.answers.refusals import RefusedFileError
from services.billing.x12 import RemittanceHeader


class RemittanceSettings(BaseSettings):
    """BILLING_TEST_REMITTANCES, BILLING_REMITTANCE_SENDERS."""

    model_config = SettingsConfigDict(env_prefix="BILLING_")

    test_remittances: bool = True
    """Whether a file marked as a test (ISA15 T) posts; false where real money is."""
    remittance_senders: frozenset[str] = frozenset()
    """The senders (ISA06) that are known, as a JSON list; empty: any."""


def refuse_strangers(header: RemittanceHeader) -> None:
    """Raises RefusedFileError for a test file in production, and for a sender nobody knows."""
    settings = RemittanceSettings()
    if header.usage == "T" and not settings.test_remittances:
        raise RefusedFileError(
            "test-file", "ISA15", "Ask the sender for the production file; tests are not posted."
        )
    if settings.remittance_senders and header.sender not in settings.remittance_senders:
        raise RefusedFileError(
            "unknown-sender", "ISA06", "Find out who sent it; then add the sender to the setting."
        )
