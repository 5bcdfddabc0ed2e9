"""The handful of settings that every process has; other knobs live in the slice that reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from libs.events.transport.health import STUCK_AFTER_SECONDS

SECRETS = Path("/run/secrets")


class Settings(BaseSettings):
    """Read from the environment (`MAINSTAY_…`), or files in `/run/secrets` (`mainstay_…`)."""

    model_config = SettingsConfigDict(
        env_prefix="MAINSTAY_",
        frozen=True,
        secrets_dir=SECRETS if SECRETS.is_dir() else None,
        hide_input_in_errors=True,  # the values of what was set are secrets
    )

    database_url: SecretStr
    """The service's own database, as its login role that owns nothing."""
    kafka: str
    """Bootstrap servers, `host:port[,host:port]`."""
    host: str = "127.0.0.1"
    port: int = 8000
    keys: Path | None = None
    """Directory of the practices' data keys (see libs/events/transport/keys.py)."""
    instance: str | None = None
    """This replica's stable name, such as a StatefulSet pod's; leave it unset in a Deployment."""
    mode: Literal["api", "worker", "both"] = "both"
    stuck_after_seconds: float = Field(default=STUCK_AFTER_SECONDS, gt=0)
    """A partition with lag that stands still for so long fails /livez; above the longest batch."""
    otlp_endpoint: str | None = None
    """OTLP/HTTP address that spans are sent to, such as http://collector:4318."""
    operators: Path | None = None
    """File of people and machines that may sign in (see libs/service/operators.py)."""
    session_secret: SecretStr = Field(default=SecretStr(""), min_length=0)
    """Signs the browser sessions; at least 32 characters, the same for every replica."""
    log_format: Literal["json", "text"] = "json"
