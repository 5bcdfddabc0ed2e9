"""How payers are asked about coverage."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class EligibilitySettings(BaseSettings):
    """BILLING_INQUIRE_URLS: a JSON object, payer to the address that answers a 270 at once in
    CAQH CORE's envelope, with our user and password there (`https://USER:PASSWORD@HOST/PATH`) where
    it wants them; a payer that is not in it is asked by file. BILLING_ELIGIBILITY_FRESH_DAYS: for
    so many days after a day that was asked for, an expected visit makes no new inquiry.
    """

    model_config = SettingsConfigDict(env_prefix="BILLING_")

    inquire_urls: dict[str, str] = Field(default_factory=dict[str, str])
    eligibility_fresh_days: int = 3
