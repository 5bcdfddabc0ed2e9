"""What the manifests set is what the code reads, and what they ask for is written down."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from deploy.k8s.render import BASE
from libs.service.process import service_names
from libs.service.settings import Settings
from tests.deploy import kustomize
from tests.deploy.rules import Object

OBJECTS = kustomize.build(BASE)
README = (BASE.parent / "README.md").read_text()
COMMANDS = "".join(p.read_text() for p in (Path(__file__).parents[2] / "libs" / "cli").glob("*.py"))
CONFIG = next(o for o in OBJECTS if o["kind"] == "ConfigMap")["data"]


def variables_set(container: Object) -> set[str]:
    shared = CONFIG if container.get("envFrom") else {}
    return {entry["name"] for entry in container["env"]} | set(shared)


def variables_read(service: str) -> set[str]:
    """By the settings of the process, and of the service's own slices."""
    package = import_module(f"services.{service}")
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        import_module(module.name)
    return {
        f"{settings.model_config.get('env_prefix')}{name}".upper()
        for settings in _settings(BaseSettings)
        if settings is Settings or settings.__module__.startswith(f"{package.__name__}.")
        for name in settings.model_fields
    }


def _settings(kind: type[BaseSettings]) -> Iterator[type[BaseSettings]]:
    for found in kind.__subclasses__():
        yield found
        yield from _settings(found)


def containers(kind: str) -> dict[str, Object]:
    return {
        o["metadata"]["name"]: o["spec"]["template"]["spec"]["containers"][0]
        for o in OBJECTS
        if o["kind"] == kind
    }


@pytest.mark.parametrize("service", service_names())
def test_a_service_reads_every_variable_that_is_set_for_it(service: str) -> None:
    assert variables_set(containers("Deployment")[service]) - variables_read(service) == set()


@pytest.mark.parametrize("service", service_names())
def test_every_variable_without_a_default_is_set(service: str) -> None:
    needed = {
        f"MAINSTAY_{name}".upper() for name, f in Settings.model_fields.items() if f.is_required()
    }
    assert needed
    assert needed - variables_set(containers("Deployment")[service]) == set()


def test_a_variable_that_nothing_reads_is_found() -> None:
    assert "INTEROP_MLLP_PORT" in variables_read("interop")
    assert "INTEROP_MLLP_PROT" not in variables_read("interop")
    assert "INTEROP_MLLP_PORT" not in variables_read("billing")


@pytest.mark.parametrize("job", sorted(containers("Job")))
def test_the_commands_of_the_jobs_read_what_is_set_for_them(job: str) -> None:
    container = containers("Job")[job]
    assert container["args"][0] in COMMANDS
    own = {entry["name"] for entry in container["env"]}
    if job == "topics":
        own.add("MAINSTAY_KAFKA")
        assert "MAINSTAY_KAFKA" in variables_set(container)
    assert own
    assert [name for name in sorted(own) if f'"{name}"' not in COMMANDS] == []


def test_a_server_beside_http_listens_where_its_port_is() -> None:
    """The port that interop opens is the one its environment names."""
    container = containers("Deployment")["interop"]
    ports = {port["name"]: str(port["containerPort"]) for port in container["ports"]}
    own = {entry["name"]: entry.get("value") for entry in container["env"]}
    assert own["INTEROP_MLLP_PORT"] == ports["mllp"]
    assert CONFIG["MAINSTAY_PORT"] == ports["http"]


def test_a_payers_test_file_posts_nothing_in_a_cluster() -> None:
    """And who is known (ISA06, ISA08) has a place there, for an overlay to fill."""
    own = {
        entry["name"]: entry.get("value") for entry in containers("Deployment")["billing"]["env"]
    }
    assert own["BILLING_TEST_REMITTANCES"] == "false"
    for name in ("BILLING_RECEIVERS", "BILLING_REMITTANCE_SENDERS"):
        assert own[name] == "[]"
        assert f"`{name}`" in README


def test_mailboxes_are_read_where_their_secret_is_mounted() -> None:
    container = containers("Deployment")["billing"]
    own = {entry["name"]: entry.get("value") for entry in container["env"]}
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert own["BILLING_MAILBOXES"] == f"{mounts['billing-mailboxes']}/mailboxes.json"


FILES = {
    "mainstay-operators": "operators.json",
    "mainstay-keys": "PRACTICE.json",
    "billing-mailboxes": "mailboxes.json",
}
"""What pods read as files, by secret."""


def secrets_asked() -> set[tuple[str, str]]:
    """(secret, key) of everything that a pod takes from a secret."""
    found: set[tuple[str, str]] = set()
    for kind in ("Deployment", "Job"):
        for container in containers(kind).values():
            for entry in container["env"]:
                if place := entry.get("valueFrom", {}).get("secretKeyRef"):
                    found.add((place["name"], place["key"]))
    for o in OBJECTS:
        for volume in o.get("spec", {}).get("template", {}).get("spec", {}).get("volumes", []):
            if "secret" in volume:
                name = volume["secret"]["secretName"]
                found.add((name, FILES[name]))
    return found


def test_every_secret_that_is_asked_for_is_written_down() -> None:
    assert len(secrets_asked()) > len(service_names())
    for secret, key in sorted(secrets_asked()):
        name = secret
        if secret.removesuffix("-database") in service_names():
            name = "NAME-database"
        rows = [row for row in README.splitlines() if row.startswith("|") and f"`{name}`" in row]
        assert rows, secret
        assert f"`{key}`" in rows[0], f"{secret}: {key}"
