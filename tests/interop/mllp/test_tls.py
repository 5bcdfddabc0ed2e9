"""MLLP over TLS, with the client's certificate bound to its connection."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from services.interop.mllp.settings import MllpSettings
from tests.harness import Harness
from tests.interop.conftest import Issue, OpenConnection
from tests.interop.mllp.conftest import PID, Ehr, listening, message

A04 = message("ADT^A04", PID)


def tls(folder: Path, *, mutual: bool) -> dict[str, Any]:
    server = folder / "server.pem"
    settings: dict[str, Any] = {"tls_certificate": server, "tls_key": server}
    return {**settings, "tls_client_ca": folder / "ca.pem"} if mutual else settings


async def call(port: int, folder: Path, key: str, certificate: Path | None = None) -> Ehr:
    context = ssl.create_default_context(cafile=folder / "ca.pem")
    if certificate is not None:
        context.load_cert_chain(certificate)
    opened = await asyncio.open_connection(
        "127.0.0.1", port, ssl=context, server_hostname="localhost"
    )
    return Ehr(*opened, key)


async def _key(open_connection: OpenConnection, **changes: Any) -> str:
    return await open_connection(
        kind="hl7v2", sending_application="EHR", sending_facility="MAIN", **changes
    )


async def test_a_message_is_taken_over_tls_and_a_plain_one_is_not(
    interop: Harness, open_connection: OpenConnection, issue: Issue, tmp_path: Path
) -> None:
    key = await _key(open_connection)
    async with listening(interop, **tls(tmp_path, mutual=False)) as port:
        assert (await (await call(port, tmp_path, key)).send(A04))[1][1] == "AA"
        plain = Ehr(*await asyncio.open_connection("127.0.0.1", port), key)
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await plain.send(A04)
    assert len(await interop.published_all()) == 1


async def test_without_a_certificate_of_the_authority_nobody_is_let_in(
    interop: Harness, open_connection: OpenConnection, issue: Issue, tmp_path: Path
) -> None:
    key = await _key(open_connection)
    stranger = issue("stranger", by=ec.generate_private_key(ec.SECP256R1()))
    async with listening(interop, **tls(tmp_path, mutual=True)) as port:
        for certificate in (None, stranger):
            with pytest.raises((ssl.SSLError, ConnectionError, asyncio.IncompleteReadError)):
                await (await call(port, tmp_path, key, certificate)).send(A04)
        assert (await (await call(port, tmp_path, key, issue("ehr"))).send(A04))[1][1] == "AA"


async def test_a_key_with_another_certificate_than_its_own_is_rejected_and_an_alert_is_logged(
    interop: Harness,
    open_connection: OpenConnection,
    issue: Issue,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Row 21 of the corpus. The answer is the same as for a wrong key."""
    by_name = await _key(open_connection, profile={"certificate_name": "ehr-one"})
    by_dns = await _key(
        open_connection, name="other", profile={"certificate_name": "ehr.practice.example"}
    )
    one, other = issue("ehr-one"), issue("ehr-two", "ehr.practice.example")
    async with listening(interop, **tls(tmp_path, mutual=True)) as port:
        for key, certificate, code in (
            (by_name, one, "AA"), (by_name, other, "AR"), (by_dns, other, "AA"), (by_dns, one, "AR")
        ):  # fmt: skip
            answer = await (await call(port, tmp_path, key, certificate)).send(A04)
            assert answer[1][1] == code
    async with listening(interop) as port:  # nor without any certificate
        plain = Ehr(*await asyncio.open_connection("127.0.0.1", port), by_name)
        assert (await plain.send(A04))[1][1] == "AR"
    printed = capsys.readouterr().out
    assert printed.count("a key came with a certificate that is not its connection's") == 3


@pytest.mark.parametrize(
    "given",
    [
        {"tls_certificate": "server.pem"},
        {"tls_key": "server.pem"},
        {"tls_client_ca": "ca.pem"},
    ],
)
def test_half_of_a_tls_setup_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="tls_certificate"):
        MllpSettings.model_validate(given)
