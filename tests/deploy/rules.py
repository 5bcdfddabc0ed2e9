"""What every object of ours must keep, beyond its schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Object = dict[str, Any]


def broken_rules(objects: list[Object]) -> Iterator[str]:
    """A line for each rule that an object breaks."""
    for found in objects:
        name = f"{found['kind']}/{found['metadata']['name']}"
        for pod in _pods(found):
            yield from (f"{name}: {reason}" for reason in _of_pod(pod))
        if found["kind"] == "Deployment":
            yield from (f"{name}: {reason}" for reason in _of_deployment(found, objects))
        if found["kind"] == "Secret":
            yield f"{name}: a secret may not be in the base"


def _pods(found: Object) -> Iterator[Object]:
    template = found.get("spec", {}).get("template")
    if template:
        yield template["spec"]


def _of_pod(pod: Object) -> Iterator[str]:
    security = pod.get("securityContext", {})
    if not security.get("runAsNonRoot") or not isinstance(security.get("runAsUser"), int):
        yield "runs as no named number, or as root"
    if security.get("seccompProfile", {}).get("type") != "RuntimeDefault":
        yield "has no seccomp profile"
    if pod.get("automountServiceAccountToken") is not False:
        yield "mounts the account's token"
    for container in pod["containers"]:
        own = container.get("securityContext", {})
        if own.get("allowPrivilegeEscalation") is not False:
            yield "may gain privileges"
        if own.get("capabilities", {}).get("drop") != ["ALL"]:
            yield "keeps capabilities"
        if not own.get("readOnlyRootFilesystem"):
            yield "may write its root file system"
        if "memory" not in container.get("resources", {}).get("limits", {}):
            yield "has no memory limit"
        if any("value" in e and "PASSWORD" in e["name"] for e in container.get("env", [])):
            yield "holds a password"


def _of_deployment(found: Object, objects: list[Object]) -> Iterator[str]:
    spec, name = found["spec"], found["metadata"]["name"]
    labels = spec["template"]["metadata"]["labels"]
    if spec["selector"]["matchLabels"] != labels:
        yield "selects other pods than its own"
    container = spec["template"]["spec"]["containers"][0]
    for probe, path in (("livenessProbe", "/livez"), ("readinessProbe", "/readyz")):
        if container.get(probe, {}).get("httpGet", {}).get("path") != path:
            yield f"has no {probe} at {path}"
    ports = {port["containerPort"] for port in container.get("ports", [])}
    same = {o["kind"]: o for o in objects if o["metadata"]["name"] == name}
    policy = same.get("NetworkPolicy")
    if policy is None:
        yield "has no NetworkPolicy"
    elif {p["port"] for rule in policy["spec"]["ingress"] for p in rule["ports"]} != ports:
        yield "its NetworkPolicy lets in other ports than it has"
    for kind in ("Service", "ServiceAccount", "PodDisruptionBudget"):
        if kind not in same:
            yield f"has no {kind}"
    if "Service" in same and same["Service"]["spec"]["selector"] != labels:
        yield "its Service selects other pods"
