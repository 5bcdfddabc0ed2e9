"""Where this process listens for HL7 v2."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class MllpSettings(BaseSettings):
    """Read from the environment (`INTEROP_MLLP_…`)."""

    model_config = SettingsConfigDict(env_prefix="INTEROP_MLLP_", frozen=True)

    host: str = "127.0.0.1"
    port: int = Field(default=2575, ge=0, le=65535)
    """2575 is HL7's port at IANA; 0 takes a free one."""
    most_connections: int = Field(default=2000, ge=1)
    """One more is closed at once, so that those that are open go on."""
    largest_message_bytes: int = Field(default=4 * 1024 * 1024, ge=1024)
