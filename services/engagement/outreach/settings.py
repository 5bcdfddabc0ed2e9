"""How mail leaves: read from the environment (`ENGAGEMENT_…`)."""

from __future__ import annotations

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class MailSettings(BaseSettings):
    """The relay that takes our mail. It signs with DKIM, as RFC 8058 §4 asks for."""

    model_config = SettingsConfigDict(env_prefix="ENGAGEMENT_", frozen=True)

    smtp_host: str = "127.0.0.1"
    smtp_port: int = Field(default=25, ge=1, le=65_535)
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None
    smtp_require_tls: bool = False
    """True: no mail without STARTTLS. False: STARTTLS where the relay offers it."""
    smtp_timeout_seconds: float = Field(default=20, gt=0, le=60)
    sender: str = Field(default="reminders@mainstay.example", pattern=r"^[^@\s<>]+@[A-Za-z0-9.-]+$")
    """The address that mail comes from and that replies go to; its domain names the Message-ID."""
    public_url: str = "http://127.0.0.1:8000"
    """Where patients reach this service; HTTPS outside one machine (RFC 8058 §3.1)."""

    @property
    def domain(self) -> str:
        return self.sender.rpartition("@")[2]

    def unsubscribe_url(self, token: str) -> str:
        return f"{self.public_url.rstrip('/')}/unsubscribe/{token}"
