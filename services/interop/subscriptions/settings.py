"""Where notifications may be sent to."""

from __future__ import annotations

from pydantic_settings import BaseSettings, SettingsConfigDict


class SubscriptionSettings(BaseSettings):
    """Read from the environment (`INTEROP_SUBSCRIPTION_…`)."""

    model_config = SettingsConfigDict(env_prefix="INTEROP_SUBSCRIPTION_", frozen=True)

    private_endpoints: bool = False
    """True: also http, and addresses of this machine and of private networks. For one machine, or
    where the network between here and the EHRs is yours."""
