"""Where this process listens for HL7 v2, how long it waits, and how it proves itself (TLS)."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator
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
    idle_seconds: float = Field(default=3600, gt=0)
    """A connection that is quiet for so long is closed; its EHR opens it again when it sends."""
    frame_seconds: float = Field(default=60, gt=0)
    """From the first byte of a message to its end; also for a TLS handshake."""
    answer_seconds: float = Field(default=60, gt=0)
    """A sender that does not read its answers for so long is cut off."""
    tls_certificate: Path | None = None
    """PEM, the certificate chain; without it the port speaks plain MLLP."""
    tls_key: Path | None = None
    tls_client_ca: Path | None = None
    """PEM; with it, only clients whose certificate it signed are let in (mutual TLS)."""

    @model_validator(mode="after")
    def certificate_and_key_go_together(self) -> Self:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("give tls_certificate and tls_key together")
        if self.tls_client_ca is not None and self.tls_certificate is None:
            raise ValueError("tls_client_ca needs tls_certificate and tls_key")
        return self

    def tls(self) -> ssl.SSLContext | None:
        """TLS 1.2 or later, or None for plain MLLP; OSError where a file cannot be read."""
        if self.tls_certificate is None:
            return None
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.tls_certificate, self.tls_key)
        if self.tls_client_ca is not None:
            context.load_verify_locations(self.tls_client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
        return context
