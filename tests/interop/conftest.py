"""interop under test: the service on a fresh database, with connections opened as people do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from libs.events.contracts import Event
from libs.events.examples import interop as examples
from tests.harness import Harness

SECRET = "s" * 40
OTHER_PRACTICE = uuid5(examples.NAMESPACE, "other practice")

OpenConnection = Callable[..., Awaitable[str]]
"""Opens a connection and returns its key; keywords override the command's fields."""
Issue = Callable[..., Path]
"""Writes a certificate and its key; returns the file's path."""


@pytest.fixture
async def interop(service_harness: Callable[[str], Awaitable[Harness]]) -> Harness:
    return await service_harness("interop")


@pytest.fixture
def open_connection(interop: Harness) -> OpenConnection:
    async def open_one(
        *, practice_id: UUID = examples.PRACTICE, name: str = "connection", **changes: Any
    ) -> str:
        command = {
            "connection_id": str(uuid5(examples.NAMESPACE, name)),
            "kind": "cloudevents",
            "source_system": "ehr",
            "time_zone": "America/New_York",
            "secret": SECRET,
            **changes,
            "profile": {"no_coverage_is_self_pay": True, **changes.get("profile", {})},
        }
        async with interop.http(practice_id) as client:
            answer = await client.post("/connections", json=command)
        assert answer.status_code == 201, answer.text
        return answer.json()["api_key"]

    return open_one


def said(events: Iterable[Event]) -> list[tuple[str, dict[str, Any]]]:
    """What events say, without the ids that they were given: (type, data)."""
    return [(event.type, event.model_dump()) for event in events]


@pytest.fixture
def issue(tmp_path: Path) -> Issue:
    """Writes a certificate and its key, NAME.pem, signed by one authority, whose own is ca.pem."""
    authority = ec.generate_private_key(ec.SECP256R1())

    def write(name: str, *dns: str, by: ec.EllipticCurvePrivateKey = authority) -> Path:
        is_ca = name == "ca"
        key = by if is_ca else ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ca")])
        now = datetime.now(UTC)
        built = (
            x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        )
        if dns:
            names = x509.SubjectAlternativeName([x509.DNSName(one) for one in dns])
            built = built.add_extension(names, critical=False)
        path = tmp_path / f"{name}.pem"
        path.write_bytes(
            built.sign(by, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return path

    write("ca")
    write("server", "localhost")
    return write
