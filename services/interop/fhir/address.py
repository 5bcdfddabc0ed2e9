"""The address that FHIR clients reach this service by."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated

from fastapi import Request
from pydantic import StringConstraints
from pydantic_settings import BaseSettings, SettingsConfigDict

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class FhirSettings(BaseSettings):
    """Read from the environment (`INTEROP_FHIR_…`)."""

    model_config = SettingsConfigDict(env_prefix="INTEROP_FHIR_", frozen=True)

    url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s?#]+[^\s?#/]$")] | None = None
    """Of the FHIR interface as clients see it, such as https://interop.example/fhir."""


@lru_cache(maxsize=1)
def _settings() -> FhirSettings:
    return FhirSettings()


def base_of(request: Request) -> str:
    """The configured address; without one, what the request says."""
    return _settings().url or f"{str(request.base_url).rstrip('/')}/fhir"


def own_base_of(request: Request) -> str | None:
    """The address that is ours for sure; None where only the request says it.

    An assertion names whom it is for. Whoever holds one that was made for somebody else must not
    make it ours by what stands in the Host header; on one machine there is nobody else.
    """
    is_loopback = request.url.hostname in _LOOPBACK
    return base_of(request) if _settings().url or is_loopback else None
