"""The Kubernetes objects of one service, as plain data; a service states only what is its own."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Object = dict[str, Any]
USER = 65532
HTTP, KAFKA, POSTGRES, OTLP = 8000, 9092, 5432, 4318
MODES = ("enforce", "audit", "warn")
SETUP = {"app.kubernetes.io/component": "setup"}
"""The jobs that make databases and topics; they are done before the services begin."""
DONE_JOB_STAYS_SECONDS = 600
"""Then it goes, so that the next version's can be applied: a job cannot be changed."""


@dataclass(frozen=True)
class Own:
    """What `services/NAME/deploy.toml` may say: what this service has that the others have not."""

    name: str
    ports: dict[str, int] = field(default_factory=dict[str, int])
    environment: dict[str, str] = field(default_factory=dict[str, str])
    secrets: dict[str, str] = field(default_factory=dict[str, str])
    """Variable → SECRET/KEY; the service starts without it too."""
    secret_files: dict[str, str] = field(default_factory=dict[str, str])
    """Secret → mount path of its files; the service starts without it too."""
    volumes: dict[str, str] = field(default_factory=dict[str, str])
    """Claim name → mount path."""
    egress_ports: tuple[int, ...] = ()
    replicas: int = 2

    @classmethod
    def load(cls, folder: Path) -> Own:
        """Read a service's own statement; without one, everything is as for the others."""
        path = folder / "deploy.toml"
        said: dict[str, Any] = tomllib.loads(path.read_text()) if path.exists() else {}
        said["egress_ports"] = tuple(said.get("egress_ports", ()))
        return cls(name=folder.name, **said)


def objects_of(own: Own) -> list[Object]:
    """Everything that runs one service."""
    return [
        *[_volume_claim(own, claim) for claim in own.volumes],
        _object("v1", "ServiceAccount", own.name, {"automountServiceAccountToken": False}),
        _migration(own),
        _deployment(own),
        _service(own),
        _object("policy/v1", "PodDisruptionBudget", own.name,
                {"spec": {"maxUnavailable": 1, "selector": {"matchLabels": _labels(own.name)}}}),
        _network_policy(own),
    ]  # fmt: skip


def shared_objects(image: str) -> list[Object]:
    """What all services share. `image`: any service's; each can make the topics."""
    topics = _pod("topics", ["topics", "apply"], {}, image=image)
    topics["containers"][0]["envFrom"] = [{"configMapRef": {"name": "mainstay"}}]
    restricted = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in MODES}
    return [
        {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": "mainstay", "labels": restricted},
        },
        _object("v1", "ConfigMap", "mainstay", {"data": {
            "MAINSTAY_KAFKA": "kafka-bootstrap.kafka.svc:9092",
            "MAINSTAY_OTLP_ENDPOINT": "http://otel-collector.observability.svc:4318",
            "MAINSTAY_HOST": "0.0.0.0",  # noqa: S104 - inside a pod, behind its NetworkPolicy
            "MAINSTAY_PORT": str(HTTP),
        }}),
        _object("networking.k8s.io/v1", "NetworkPolicy", "nothing-else", {"spec": {
            "podSelector": {}, "policyTypes": ["Ingress", "Egress"],
        }}),
        _object("networking.k8s.io/v1", "NetworkPolicy", "setup", {"spec": {
            "podSelector": {"matchLabels": SETUP},
            "policyTypes": ["Ingress", "Egress"],
            "egress": [*_name_resolution(), {"ports": _numbers(KAFKA, POSTGRES)}],
        }}),
        _job("topics", topics),
    ]  # fmt: skip


def _object(version: str, kind: str, name: str, rest: Object) -> Object:
    labels = {**_labels(name), "app.kubernetes.io/part-of": "mainstay"}
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": name, "namespace": "mainstay", "labels": labels},
        **rest,
    }


def _labels(name: str) -> dict[str, str]:
    return {"app.kubernetes.io/name": name}


def _deployment(own: Own) -> Object:
    secret = f"{own.name}-database"
    environment = {
        "MAINSTAY_KEYS": "/etc/mainstay/keys",
        "MAINSTAY_OPERATORS": "/etc/mainstay/operators/operators.json",
        **own.environment,
    }
    pod = _pod(own.name, ["run", own.name], environment, image=f"mainstay/{own.name}")
    container = pod["containers"][0]
    container["envFrom"] = [{"configMapRef": {"name": "mainstay"}}]
    container["env"] += [
        _from_secret("MAINSTAY_DATABASE_URL", secret, "url"),
        _from_secret("MAINSTAY_SESSION_SECRET", "mainstay-session", "secret"),
        *[_own_secret(variable, place) for variable, place in sorted(own.secrets.items())],
    ]
    container["ports"] = [
        {"name": name, "containerPort": port} for name, port in _ports(own).items()
    ]
    container["startupProbe"] = _probe("/livez", 2, failures=30)
    container["livenessProbe"] = _probe("/livez", 10)
    container["readinessProbe"] = _probe("/readyz", 5)
    pod["volumes"].append({"name": "operators", "secret": {"secretName": "mainstay-operators"}})
    container["volumeMounts"].append(
        {"name": "operators", "mountPath": "/etc/mainstay/operators", "readOnly": True}
    )
    _mount_files(pod, "keys", "mainstay-keys", "/etc/mainstay/keys")
    for secret_name, path in own.secret_files.items():
        _mount_files(pod, secret_name, secret_name, path)
    for claim, path in own.volumes.items():
        pod["volumes"].append({"name": claim, "persistentVolumeClaim": {"claimName": claim}})
        container["volumeMounts"].append({"name": claim, "mountPath": path})
    pod["terminationGracePeriodSeconds"] = 45
    pod["topologySpreadConstraints"] = [
        {
            "maxSkew": 1,
            "topologyKey": key,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": _labels(own.name)},
        }
        for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
    ]
    return _object("apps/v1", "Deployment", own.name, {"spec": {
        "replicas": own.replicas,
        "selector": {"matchLabels": _labels(own.name)},
        "template": {"metadata": {"labels": _labels(own.name)}, "spec": pod},
    }})  # fmt: skip


def _migration(own: Own) -> Object:
    pod = _pod(f"{own.name}-migrate", ["migrate", own.name], {}, image=f"mainstay/{own.name}")
    pod["containers"][0]["env"] += [
        _from_secret("MAINSTAY_ADMIN_DATABASE_URL", "mainstay-database-admin", "url"),
        _from_secret("MAINSTAY_DATABASE_PASSWORD", f"{own.name}-database", "password"),
    ]
    return _job(f"{own.name}-migrate", pod)


def _job(name: str, pod: Object) -> Object:
    pod["restartPolicy"] = "OnFailure"
    return _object("batch/v1", "Job", name, {"spec": {
        "backoffLimit": 6,
        "ttlSecondsAfterFinished": DONE_JOB_STAYS_SECONDS,
        "template": {"metadata": {"labels": _labels(name) | SETUP}, "spec": pod},
    }})  # fmt: skip


def _pod(name: str, arguments: list[str], environment: dict[str, str], *, image: str) -> Object:
    return {
        "serviceAccountName": name if not name.endswith(("-migrate", "topics")) else "default",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,  # a Service named interop would set INTEROP_PORT
        "securityContext": {
            "runAsNonRoot": True, "runAsUser": USER, "runAsGroup": USER, "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [{
            "name": name,
            "image": image,
            "args": arguments,
            "env": [{"name": key, "value": value} for key, value in sorted(environment.items())],
            "resources": {
                "requests": {"cpu": "100m", "memory": "192Mi"},
                "limits": {"memory": "512Mi"},
            },
            "securityContext": {
                "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            },
            "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108
        }],
        "volumes": [{"name": "tmp", "emptyDir": {}}],
    }  # fmt: skip


def _mount_files(pod: Object, name: str, secret: str, path: str) -> None:
    """A secret's files, for our user alone; the pod starts without them too."""
    files = {"secretName": secret, "defaultMode": 0o440, "optional": True}
    pod["volumes"].append({"name": name, "secret": files})
    mount = {"name": name, "mountPath": path, "readOnly": True}
    pod["containers"][0]["volumeMounts"].append(mount)


def _service(own: Own) -> Object:
    ports = [{"name": n, "port": p, "targetPort": n} for n, p in _ports(own).items()]
    return _object(
        "v1", "Service", own.name, {"spec": {"selector": _labels(own.name), "ports": ports}}
    )


def _network_policy(own: Own) -> Object:
    return _object("networking.k8s.io/v1", "NetworkPolicy", own.name, {"spec": {
        "podSelector": {"matchLabels": _labels(own.name)},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"ports": _numbers(*_ports(own).values())}],
        "egress": [
            *_name_resolution(),
            {"ports": _numbers(KAFKA, POSTGRES, OTLP, *own.egress_ports)},
        ],
    }})  # fmt: skip


def _name_resolution() -> list[Object]:
    return [{"ports": [*_numbers(53, protocol="UDP"), *_numbers(53)]}]


def _numbers(*numbers: int, protocol: str = "TCP") -> list[Object]:
    return [{"protocol": protocol, "port": number} for number in numbers]


def _volume_claim(own: Own, claim: str) -> Object:
    return _object("v1", "PersistentVolumeClaim", claim, {"spec": {
        "accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "10Gi"}},
    }})  # fmt: skip


def _ports(own: Own) -> dict[str, int]:
    return {"http": HTTP, **own.ports}


def _probe(path: str, every_seconds: int, failures: int = 3) -> Object:
    return {
        "httpGet": {"path": path, "port": "http"},
        "periodSeconds": every_seconds,
        "timeoutSeconds": 3,
        "failureThreshold": failures,
    }


def _from_secret(variable: str, secret: str, key: str) -> Object:
    return {"name": variable, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}


def _own_secret(variable: str, place: str) -> Object:
    secret, _, key = place.partition("/")
    found = _from_secret(variable, secret, key)
    found["valueFrom"]["secretKeyRef"]["optional"] = True
    return found
