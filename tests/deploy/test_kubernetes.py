"""The Kubernetes base is fresh, valid by the API's own schemas, and keeps our rules."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from deploy.k8s.render import BASE, render, stale
from libs.service.process import service_names
from tests.deploy import kustomize
from tests.deploy.rules import Object, broken_rules

KUBERNETES = ("1.33.0", "1.36.0")
"""The oldest and the newest minor version that the base is checked for."""
OBJECTS = kustomize.build(BASE)


def test_the_committed_base_is_what_the_services_say() -> None:
    assert stale() == [], "python -m deploy.k8s.render writes it"


def test_a_base_that_is_not_what_the_services_say_is_found(tmp_path: Path) -> None:
    for name, text in render().items():
        (tmp_path / name).write_text(text)
    assert stale(tmp_path) == []
    (tmp_path / "billing.yaml").write_text("")
    (tmp_path / "interop.yaml").unlink()
    (tmp_path / "ninth.yaml").touch()
    assert stale(tmp_path) == ["billing.yaml", "interop.yaml", "ninth.yaml"]


@pytest.mark.parametrize("version", KUBERNETES)
@pytest.mark.parametrize("found", OBJECTS, ids=lambda o: f"{o['kind']}-{o['metadata']['name']}")
def test_the_object_is_valid_by_the_apis_schema(found: Object, version: str) -> None:
    kubernetes_validate.validate(found, version, strict=True)


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        ("PodDisruptionBudget", "maxUnavailable", "maxUnavailble"),
        ("NetworkPolicy", "policyTypes", "policyType"),
        ("Deployment", "replicas", "replica"),
        ("Job", "backoffLimit", "backofLimit"),
    ],
)
def test_a_misspelt_field_is_found(kind: str, right: str, wrong: str) -> None:
    found = copy.deepcopy(next(o for o in OBJECTS if o["kind"] == kind))
    found["spec"][wrong] = found["spec"].pop(right)
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(found, KUBERNETES[-1], strict=True)


def test_the_base_keeps_our_rules() -> None:
    assert list(broken_rules(OBJECTS)) == []


def _pod(found: Object) -> Object:
    return found["spec"]["template"]["spec"]


def _container(found: Object) -> Object:
    return _pod(found)["containers"][0]


def _security(found: Object) -> Object:
    return _container(found)["securityContext"]


def _env(name: str) -> Object:
    return {"name": name, "value": "x"}


BREAKS: dict[str, tuple[str, Callable[[Object], Any], str]] = {
    "root": ("Deployment", lambda d: _pod(d)["securityContext"].pop("runAsNonRoot"), "root"),
    "a named user": ("Job", lambda d: _pod(d)["securityContext"].update(runAsUser="me"), "number"),
    "seccomp": ("Job", lambda d: _pod(d)["securityContext"].pop("seccompProfile"), "seccomp"),
    "token": ("Deployment", lambda d: _pod(d).pop("automountServiceAccountToken"), "token"),
    "service links": ("Deployment", lambda d: _pod(d).pop("enableServiceLinks"), "variables"),
    "privileges": ("Job", lambda d: _security(d).pop("allowPrivilegeEscalation"), "privileges"),
    "capabilities": ("Job", lambda d: _security(d)["capabilities"].pop("drop"), "capabilities"),
    "root file system": ("Job", lambda d: _security(d).pop("readOnlyRootFilesystem"), "write"),
    "limits": ("Job", lambda d: _container(d)["resources"].pop("limits"), "memory limit"),
    "requests": ("Job", lambda d: _container(d)["resources"].pop("requests"), "asks for no"),
    "password": ("Job", lambda d: _container(d)["env"].append(_env("A_PASSWORD")), "secret"),
    "address": ("Job", lambda d: _container(d)["env"].append(_env("A_DATABASE_URL")), "secret"),
    "liveness": ("Deployment", lambda d: _container(d).pop("livenessProbe"), "livenessProbe"),
    "readiness": (
        "Deployment",
        lambda d: _container(d)["readinessProbe"]["httpGet"].update(path="/livez"),
        "readinessProbe",
    ),
    "zones": ("Deployment", lambda d: _pod(d).pop("topologySpreadConstraints"), "one zone"),
    "ports": ("Deployment", lambda d: _container(d)["ports"].pop(), "other ports"),
    "other pods": (
        "Deployment",
        lambda d: d["spec"]["selector"]["matchLabels"].update(x="y"),
        "selects other pods",
    ),
    "account": ("Deployment", lambda d: _pod(d).pop("serviceAccountName"), "ServiceAccount"),
    "name": ("Deployment", lambda d: d["metadata"].update(name="x"), "has no Service that"),
    "service": ("Service", lambda d: d["spec"]["selector"].update(x="y"), "no Service that"),
    "budget": ("PodDisruptionBudget", lambda d: d["metadata"].update(name="x"), "DisruptionBudget"),
    "job's reach": (
        "Job",
        lambda d: d["spec"]["template"]["metadata"]["labels"].clear(),
        "let out",
    ),
    "job that stays": ("Job", lambda d: d["spec"].pop("ttlSecondsAfterFinished"), "stays"),
    "namespace": ("Namespace", lambda d: d["metadata"]["labels"].clear(), "Pod Security"),
    "a secret": ("ConfigMap", lambda d: d.update(kind="Secret"), "a secret may not"),
}


@pytest.mark.parametrize(("kind", "breaks", "reason"), BREAKS.values(), ids=BREAKS.keys())
def test_breaking_a_rule_is_found(kind: str, breaks: Callable[[Object], Any], reason: str) -> None:
    objects = copy.deepcopy(OBJECTS)
    breaks(next(o for o in objects if o["kind"] == kind))
    assert any(reason in line for line in broken_rules(objects))


def test_a_namespace_that_denies_nothing_is_found() -> None:
    objects = [o for o in OBJECTS if o["metadata"]["name"] != "nothing-else"]
    assert any("no policy names" in line for line in broken_rules(objects))


def test_every_service_is_deployed_and_migrated() -> None:
    names = {kind: {o["metadata"]["name"] for o in OBJECTS if o["kind"] == kind}
             for kind in ("Deployment", "Job")}  # fmt: skip
    assert names["Deployment"] == set(service_names())
    assert names["Job"] == {"topics", *(f"{name}-migrate" for name in service_names())}


def test_an_eighth_service_renders_without_an_edit_elsewhere(tmp_path: Path) -> None:
    services, base = tmp_path / "services", tmp_path / "base"
    (services / "eighth").mkdir(parents=True)
    (services / "eighth" / "app.py").touch()
    base.mkdir()
    for name, text in render(services).items():
        (base / name).write_text(text)
    made = kustomize.build(base)
    assert list(broken_rules(made)) == []
    assert {o["metadata"]["name"] for o in made if o["kind"] == "Deployment"} == {"eighth"}
    for found in made:
        kubernetes_validate.validate(found, KUBERNETES[-1], strict=True)


@pytest.mark.skipif(not kustomize.installed(), reason="neither kubectl nor kustomize is installed")
def test_kustomize_agrees() -> None:
    """Our small reader stands in for kustomize; where there is one, it is held against it."""
    theirs, ours = (
        {(o["kind"], o["metadata"]["name"]): o for o in objects}
        for objects in (kustomize.build_with_tool(BASE), OBJECTS)
    )
    assert theirs == ours
