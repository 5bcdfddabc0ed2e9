"""Containers run with the settings of the native servers."""

from __future__ import annotations

from typing import Any

import yaml

from libs.local.backends.artifacts import CHECKOUT
from libs.local.backends.containers import (
    KAFKA_IMAGE,
    POSTGRES_IMAGE,
    kafka_environment,
    postgres_environment,
)

COMPOSE: dict[str, Any] = yaml.safe_load((CHECKOUT / "deploy" / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def test_compose_runs_the_broker_with_the_native_settings() -> None:
    told = {
        key: value.replace("${MAINSTAY_KAFKA_PORT:-9092}", "9092")
        for key, value in SERVICES["kafka"]["environment"].items()
    }
    assert told == kafka_environment(9092)


def test_compose_makes_the_database_as_tests_do() -> None:
    expected = postgres_environment("")["POSTGRES_INITDB_ARGS"]
    assert SERVICES["postgres"]["environment"]["POSTGRES_INITDB_ARGS"] == expected


def test_compose_and_tests_use_the_same_images() -> None:
    assert SERVICES["kafka"]["image"] == KAFKA_IMAGE
    assert SERVICES["postgres"]["image"] == POSTGRES_IMAGE


def test_every_published_port_is_on_loopback() -> None:
    ports = [port for service in SERVICES.values() for port in service["ports"]]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)
