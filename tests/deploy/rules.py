"""What every object of ours must keep, beyond its schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Object = dict[str, Any]


def broken_rules(objects: list[Object]) -> Iterator[str]:
    """A line for each rule that an object breaks."""
    policies = [o for o in objects if o["kind"] == "NetworkPolicy"]
    if not any(_denies_everything(policy) for policy in policies):
        yield "the namespace: pods that no policy names may talk to anybody"
    for found in objects:
        name = f"{found['kind']}/{found['metadata']['name']}"
        reasons: list[str] = []
        if template := found.get("spec", {}).get("template"):
            reasons += _of_pod(template["spec"])
            reasons += _of_reach(template["metadata"]["labels"], policies)
        if found["kind"] == "Deployment":
            reasons += _of_deployment(found, objects)
        if found["kind"] == "Job" and "ttlSecondsAfterFinished" not in found["spec"]:
            reasons.append("stays, so that the next version's cannot be applied")
        if found["kind"] == "Namespace":
            reasons += _of_namespace(found["metadata"])
        if found["kind"] == "Secret":
            reasons.append("a secret may not be in the base")
        yield from (f"{name}: {reason}" for reason in reasons)


def _denies_everything(policy: Object) -> bool:
    spec = policy["spec"]
    return (
        spec["podSelector"] == {}
        and set(spec["policyTypes"]) == {"Ingress", "Egress"}
        and not spec.get("ingress")
        and not spec.get("egress")
    )


def _of_namespace(metadata: Object) -> Iterator[str]:
    if metadata.get("labels", {}).get("pod-security.kubernetes.io/enforce") != "restricted":
        yield "does not enforce the restricted Pod Security standard"


def _of_pod(pod: Object) -> Iterator[str]:
    """Pod Security `restricted`, and what it does not ask: no token, no root to write on."""
    security = pod.get("securityContext", {})
    if not security.get("runAsNonRoot") or not isinstance(security.get("runAsUser"), int):
        yield "runs as no named number, or as root"
    if security.get("seccompProfile", {}).get("type") != "RuntimeDefault":
        yield "has no seccomp profile"
    if pod.get("automountServiceAccountToken") is not False:
        yield "mounts the account's token"
    if pod.get("enableServiceLinks") is not False:
        yield "takes variables of other services' names"
    for container in pod["containers"]:
        yield from _of_container(container)


def _of_container(container: Object) -> Iterator[str]:
    own = container.get("securityContext", {})
    if own.get("allowPrivilegeEscalation") is not False:
        yield "may gain privileges"
    if own.get("capabilities", {}).get("drop") != ["ALL"]:
        yield "keeps capabilities"
    if not own.get("readOnlyRootFilesystem"):
        yield "may write its root file system"
    resources = container.get("resources", {})
    if "memory" not in resources.get("limits", {}):
        yield "has no memory limit"
    if not {"cpu", "memory"} <= set(resources.get("requests", {})):
        yield "asks for no resources"
    if any("value" in e and _is_secret(e["name"]) for e in container.get("env", [])):
        yield "holds a secret"


def _is_secret(variable: str) -> bool:
    return any(part in variable for part in ("PASSWORD", "SECRET", "DATABASE_URL", "TOKEN"))


def _of_reach(labels: dict[str, str], policies: list[Object]) -> Iterator[str]:
    chosen = [
        policy
        for policy in policies
        if (wanted := policy["spec"]["podSelector"].get("matchLabels"))
        and wanted.items() <= labels.items()
    ]
    if not any(policy["spec"].get("egress") for policy in chosen):
        yield "is let out by no NetworkPolicy"


def _of_deployment(found: Object, objects: list[Object]) -> Iterator[str]:
    spec, name = found["spec"], found["metadata"]["name"]
    labels = spec["template"]["metadata"]["labels"]
    if spec["selector"]["matchLabels"] != labels:
        yield "selects other pods than its own"
    pod = spec["template"]["spec"]
    container = pod["containers"][0]
    for probe, path in (("livenessProbe", "/livez"), ("readinessProbe", "/readyz")):
        if container.get(probe, {}).get("httpGet", {}).get("path") != path:
            yield f"has no {probe} at {path}"
    if not pod.get("topologySpreadConstraints"):
        yield "may stand all in one zone"
    same = {o["kind"]: o for o in objects if o["metadata"]["name"] == name}
    ports = {port["containerPort"] for port in container.get("ports", [])}
    ingress = same.get("NetworkPolicy", {}).get("spec", {}).get("ingress", [])
    if {p["port"] for rule in ingress for p in rule["ports"]} != ports:
        yield "its NetworkPolicy lets in other ports than it has"
    for kind, path in _SELECTS.items():
        selected: Any = same.get(kind, {"spec": None})["spec"]
        for step in path:
            selected = (selected or {}).get(step)
        if selected != labels:
            yield f"has no {kind} that selects its pods"
    if "ServiceAccount" not in same or pod.get("serviceAccountName") != name:
        yield "has no ServiceAccount of its own"


_SELECTS = {
    "Service": ("selector",),
    "PodDisruptionBudget": ("selector", "matchLabels"),
    "NetworkPolicy": ("podSelector", "matchLabels"),
}
