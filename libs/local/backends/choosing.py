"""Decides where Kafka and PostgreSQL come from, and says why."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

from libs.local.backends import docker
from libs.local.backends.errors import BackendError


class Choice(StrEnum):
    """The ways to have Kafka and PostgreSQL."""

    external = "external"
    native = "native"
    docker = "docker"


def choose(environ: Mapping[str, str], *, purpose: Literal["run", "test"]) -> Choice:
    """BACKEND of the environment, or what suits the purpose; one line on stderr says which.

    Raises:
        BackendError: BACKEND names something else.
    """
    choice, reason = decide(environ, purpose=purpose)
    print(f"Kafka and PostgreSQL: {choice} ({reason}).", file=sys.stderr)
    return choice


def decide(environ: Mapping[str, str], *, purpose: Literal["run", "test"]) -> tuple[Choice, str]:
    """The choice and its reason; asks the Docker daemon only where the answer matters."""
    if wanted := environ.get("BACKEND"):
        if wanted not in set(Choice):
            raise BackendError(f"BACKEND={wanted} is none of {', '.join(Choice)}.")
        return Choice(wanted), "BACKEND says so"
    if environ.get("MAINSTAY_KAFKA") and environ.get("MAINSTAY_POSTGRES"):
        return Choice.external, "MAINSTAY_KAFKA and MAINSTAY_POSTGRES are set"
    if purpose == "run":
        return Choice.native, "the default: needs no daemon"
    missing = docker.why_not(environ)
    if missing is None:
        return Choice.docker, "a Docker daemon answers and has the images"
    return Choice.native, missing
