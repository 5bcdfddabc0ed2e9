"""Builds a base as kustomize does, for the fields that ours uses, so that no tool is needed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

Object = dict[str, Any]


def build(base: Path) -> list[Object]:
    """Every object of the base, images tagged; AssertionError for a field that we cannot build."""
    said = yaml.safe_load((base / "kustomization.yaml").read_text())
    assert set(said) == {"apiVersion", "kind", "resources", "images"}
    tags = {image["name"]: image["newTag"] for image in said["images"]}
    objects = [
        o for name in said["resources"] for o in yaml.safe_load_all((base / name).read_text())
    ]
    for found in objects:
        for container in _containers(found):
            container["image"] += f":{tags[container['image']]}"
    return objects


def _containers(found: Object) -> list[Object]:
    return found.get("spec", {}).get("template", {}).get("spec", {}).get("containers", [])


def installed() -> list[str]:
    """The command that builds with a real kustomize, or nothing where there is none."""
    if kustomize := shutil.which("kustomize"):
        return [kustomize, "build"]
    kubectl = shutil.which("kubectl")
    return [kubectl, "kustomize"] if kubectl else []


def build_with_tool(base: Path) -> list[Object]:
    """The same, by kustomize itself."""
    built = subprocess.run([*installed(), str(base)], capture_output=True, check=True)
    return list(yaml.safe_load_all(built.stdout))
