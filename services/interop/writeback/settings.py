"""Whom this service trusts when it sends to EHRs over TLS, and how it proves itself to them."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Self

from pydantic import model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class WriteBackSettings(BaseSettings):
    """Read from the environment (`INTEROP_WRITE_BACK_…`) with each message: a certificate that was
    renewed is used at once."""

    model_config = SettingsConfigDict(env_prefix="INTEROP_WRITE_BACK_", frozen=True)

    tls_ca: Path | None = None
    """PEM, the authorities that may sign EHRs' certificates; without it, those of the system."""
    tls_certificate: Path | None = None
    """PEM, the certificate chain to show to an EHR that asks for one (mutual TLS)."""
    tls_key: Path | None = None

    @model_validator(mode="after")
    def certificate_and_key_go_together(self) -> Self:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("give tls_certificate and tls_key together")
        return self

    def tls(self) -> ssl.SSLContext:
        """TLS 1.2 or later, certificate and name checked; OSError where a file cannot be read."""
        context = ssl.create_default_context(cafile=self.tls_ca)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.tls_certificate is not None:
            context.load_cert_chain(self.tls_certificate, self.tls_key)
        return context
