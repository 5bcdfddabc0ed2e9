"""The Kubernetes base is fresh, valid by the API's own schemas, and keeps our rules."""

from __future__ import annotations

import copy
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from deploy.k8s.render import BASE, render, stale
from libs.service.process import service_names
from tests.deploy.rules import Object, broken_rules

KUBERNETES = "1.33.0"


def rendered() -> list[Object]:
    """The base as kustomize builds it, for the fields that it uses: resources and images."""
    kustomization = yaml.safe_load((BASE / "kustomization.yaml").read_text())
    assert set(kustomization) == {"apiVersion", "kind", "resources", "images"}
    tags = {image["name"]: image["newTag"] for image in kustomization["images"]}
    objects: list[Object] = []
    for resource in kustomization["resources"]:
        objects += yaml.safe_load_all((BASE / resource).read_text())
    for found in objects:
        for container in _containers(found):
            container["image"] += f":{tags[container['image']]}"
    return objects


def _containers(found: Object) -> list[Object]:
    return found.get("spec", {}).get("template", {}).get("spec", {}).get("containers", [])


OBJECTS = rendered()


def test_the_committed_base_is_what_the_services_say() -> None:
    assert stale() == [], "python -m deploy.k8s.render writes it"


@pytest.mark.parametrize("found", OBJECTS, ids=lambda o: f"{o['kind']}-{o['metadata']['name']}")
def test_the_object_is_valid_by_the_apis_schema(found: Object) -> None:
    kubernetes_validate.validate(found, KUBERNETES, strict=True)


def test_a_misspelt_field_is_found() -> None:
    wrong = copy.deepcopy(next(o for o in OBJECTS if o["kind"] == "PodDisruptionBudget"))
    wrong["spec"]["maxUnavailble"] = wrong["spec"].pop("maxUnavailable")
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, KUBERNETES, strict=True)


def test_the_base_keeps_our_rules() -> None:
    assert list(broken_rules(OBJECTS)) == []


def _pod(found: Object) -> Object:
    return found["spec"]["template"]["spec"]


def _container(found: Object) -> Object:
    return _pod(found)["containers"][0]


BREAKS: dict[str, Callable[[Object], Any]] = {
    "as root": lambda d: _pod(d)["securityContext"].pop("runAsNonRoot"),
    "seccomp": lambda d: _pod(d)["securityContext"].pop("seccompProfile"),
    "token": lambda d: _pod(d).pop("automountServiceAccountToken"),
    "privileges": lambda d: _container(d)["securityContext"].pop("allowPrivilegeEscalation"),
    "capabilities": lambda d: _container(d)["securityContext"]["capabilities"].pop("drop"),
    "root file system": lambda d: _container(d)["securityContext"].pop("readOnlyRootFilesystem"),
    "memory": lambda d: _container(d)["resources"]["limits"].pop("memory"),
    "password": lambda d: _container(d)["env"].append({"name": "PASSWORD", "value": "x"}),
    "liveness": lambda d: _container(d).pop("livenessProbe"),
    "readiness": lambda d: _container(d)["readinessProbe"]["httpGet"].update(path="/livez"),
    "ports": lambda d: _container(d)["ports"].pop(),
    "selector": lambda d: d["spec"]["selector"]["matchLabels"].update(x="y"),
    "name": lambda d: d["metadata"].update(name="another"),
    "a secret": lambda d: d.update(kind="Secret"),
}


@pytest.mark.parametrize("breaks", BREAKS.values(), ids=BREAKS.keys())
def test_breaking_a_rule_is_found(breaks: Callable[[Object], Any]) -> None:
    objects = copy.deepcopy(OBJECTS)
    breaks(next(o for o in objects if o["kind"] == "Deployment"))
    assert list(broken_rules(objects))


def test_every_service_is_deployed() -> None:
    deployed = {o["metadata"]["name"] for o in OBJECTS if o["kind"] == "Deployment"}
    assert deployed == set(service_names())


def test_an_eighth_service_renders_without_an_edit_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "eighth").mkdir()
    (tmp_path / "eighth" / "app.py").touch()
    files = render(tmp_path)
    assert "eighth.yaml" in files
    assert "eighth.yaml" in files["kustomization.yaml"]
    made = list(yaml.safe_load_all(files["eighth.yaml"]))
    assert list(broken_rules(made)) == []


def test_kustomize_agrees_where_it_is_installed() -> None:
    """Our small renderer stands in for kustomize; where kubectl is, it is held against it."""
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        assert OBJECTS, "without kubectl, the schema validation above stands alone"
        return
    built = subprocess.run([kubectl, "kustomize", str(BASE)], capture_output=True, check=True)
    theirs = list(yaml.safe_load_all(built.stdout))

    def by_name(objects: list[Object]) -> dict[tuple[str, str], Object]:
        return {(o["kind"], o["metadata"]["name"]): o for o in objects}

    assert by_name(theirs) == by_name(OBJECTS)
