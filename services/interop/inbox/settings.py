"""The pages' own settings."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints
from pydantic_settings import BaseSettings, SettingsConfigDict


class InboxSettings(BaseSettings):
    """Read from the environment, `INBOX_…` after the service's name."""

    model_config = SettingsConfigDict(env_prefix="INTEROP_", frozen=True)

    trace_viewer: (
        Annotated[str, StringConstraints(pattern=r"^https?://\S*\{trace\}\S*$")] | None
    ) = None
    """Where a trace is looked at, such as https://jaeger.example/trace/{trace}; None: no link."""

    def trace_href(self, trace_id: str | None) -> str | None:
        if self.trace_viewer is None or trace_id is None:
            return None
        return self.trace_viewer.replace("{trace}", trace_id)
