"""`python -m deploy.k8s.render`: writes the base from services/*/, and Kafka's part for Strimzi.

The base has one file per service. A service is found by its folder, so a new one needs no edit
here.
"""

from __future__ import annotations

import sys
from pathlib import Path

import yaml

from deploy.k8s.kafka import topic_objects, user_objects
from deploy.k8s.objects import Object, Own, objects_of, shared_objects
from libs.events.catalogue.asyncapi import load_services
from libs.events.transport.service import Service

ROOT = Path(__file__).resolve().parents[2]
BASE, KAFKA = Path(__file__).parent / "base", Path(__file__).parent / "strimzi"


def render(services: Path = ROOT / "services") -> dict[str, str]:
    """Every file of the base by its name."""
    folders = sorted(app.parent for app in services.glob("*/app.py"))
    names = [folder.name for folder in folders]
    files = {f"{folder.name}.yaml": _dump(objects_of(Own.load(folder))) for folder in folders}
    files["shared.yaml"] = _dump(shared_objects(f"mainstay/{names[0]}"))
    kustomization: Object = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": sorted(files),
        "images": [{"name": f"mainstay/{name}", "newTag": "0.1.0"} for name in names],
    }
    return files | {"kustomization.yaml": _dump([kustomization])}


def render_kafka(services: list[Service] | None = None) -> dict[str, str]:
    """Every file of what Strimzi's operators make: topics and users."""
    files = {
        "topics.yaml": _dump(topic_objects()),
        "users.yaml": _dump(user_objects(load_services() if services is None else services)),
    }
    kustomization: Object = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": sorted(files),
    }
    return files | {"kustomization.yaml": _dump([kustomization])}


def stale(folder: Path = BASE, files: dict[str, str] | None = None) -> list[str]:
    """The files whose committed content is not what would be rendered."""
    files = render() if files is None else files
    kept = {path.name: path.read_text() for path in folder.glob("*.yaml")}
    return sorted(name for name in {*files, *kept} if files.get(name) != kept.get(name))


def _dump(objects: list[Object]) -> str:
    return yaml.safe_dump_all(objects, sort_keys=False)


def main() -> None:
    """Write both; files of services that are gone are removed."""
    for folder, files in ((BASE, render()), (KAFKA, render_kafka())):
        folder.mkdir(exist_ok=True)
        for path in folder.glob("*.yaml"):
            if path.name not in files:
                path.unlink()
        for name, text in files.items():
            (folder / name).write_text(text)
        print(f"wrote {len(files)} files to {folder.relative_to(ROOT)}", file=sys.stderr)


if __name__ == "__main__":
    main()
