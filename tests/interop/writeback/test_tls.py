"""What goes back over TLS: to the EHR that the connection names, and to nobody else."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from libs.events.examples import billing
from libs.local.ehr.kept import serving
from services.interop.writeback.settings import WriteBackSettings
from tests.harness import Harness
from tests.interop.conftest import Issue
from tests.interop.writeback.conftest import Listener, ask, told, waiting


@asynccontextmanager
async def listening(ehr: Listener, folder: Path, *, mutual: bool = False) -> AsyncIterator[int]:
    """The same EHR on another port, over TLS; with `mutual`, it asks who sends."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "server.pem")
    if mutual:
        context.load_verify_locations(folder / "ca.pem")
        context.verify_mode = ssl.CERT_REQUIRED
    async with serving(ehr, tls=context) as port:
        yield port


def trust(monkeypatch: pytest.MonkeyPatch, authority: Path, shown: Path | None = None) -> None:
    monkeypatch.setenv("INTEROP_WRITE_BACK_TLS_CA", str(authority))
    if shown is not None:
        monkeypatch.setenv("INTEROP_WRITE_BACK_TLS_CERTIFICATE", str(shown))
        monkeypatch.setenv("INTEROP_WRITE_BACK_TLS_KEY", str(shown))


async def charge(interop: Harness, visit: UUID) -> list[tuple[str | None, int]]:
    """A change of the visit's claim, and what became of telling it: (answer, tries)."""
    await interop.receive(billing.charges_posted(encounter_id=visit))
    await interop.fire_timers()
    return await told(interop)


async def test_an_ehr_whose_certificate_is_of_its_host_is_told(
    interop: Harness,
    visit: UUID,
    ehr: Listener,
    issue: Issue,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trust(monkeypatch, tmp_path / "ca.pem")
    async with listening(ehr, tmp_path) as port:
        assert (await ask(interop, port, host="localhost", tls=True)).status_code == 200
        assert await charge(interop, visit) == [("AA", 1)]
    assert len(ehr.got) == 1


async def test_a_certificate_of_another_host_or_authority_is_told_nothing(
    interop: Harness,
    visit: UUID,
    ehr: Listener,
    issue: Issue,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It waits, and goes out when the address or the authority is mended."""
    trust(monkeypatch, tmp_path / "ca.pem")
    async with listening(ehr, tmp_path) as port:
        await ask(interop, port, host="127.0.0.1", tls=True)  # the certificate is localhost's
        assert await charge(interop, visit) == [(None, 1)]
        [message] = await waiting(interop)
        assert message["failure"].startswith("its certificate is not of this host")
        trust(monkeypatch, issue("stranger", by=ec.generate_private_key(ec.SECP256R1())))
        await ask(interop, port, host="localhost", tls=True)
        await interop.fire_timers()
        assert await told(interop) == [(None, 2)]
        assert ehr.got == []
        trust(monkeypatch, tmp_path / "ca.pem")
        await ask(interop, port, host="localhost", tls=True)
        await interop.fire_timers()
        assert await told(interop) == [("AA", 3)]


async def test_an_ehr_that_asks_who_sends_is_shown_the_services_certificate(
    interop: Harness,
    visit: UUID,
    ehr: Listener,
    issue: Issue,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trust(monkeypatch, tmp_path / "ca.pem")
    async with listening(ehr, tmp_path, mutual=True) as port:
        await ask(interop, port, host="localhost", tls=True)
        assert await charge(interop, visit) == [(None, 1)]
        assert ehr.got == []
        trust(monkeypatch, tmp_path / "ca.pem", issue("mainstay"))
        await ask(interop, port, host="localhost", tls=True)
        await interop.fire_timers()
        assert await told(interop) == [("AA", 2)]


async def test_who_asks_for_tls_is_never_sent_anything_in_clear(
    interop: Harness, visit: UUID, ehr: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ask(interop, ehr.port, host="localhost", tls=True)  # it speaks plain MLLP there
    assert await charge(interop, visit) == [(None, 1)]
    assert ehr.got == []
    assert (await waiting(interop))[0]["failure"] == "no answer in time"


async def test_an_authority_that_cannot_be_read_sends_nothing_and_says_so(
    interop: Harness, visit: UUID, ehr: Listener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust(monkeypatch, tmp_path / "gone.pem")
    await ask(interop, ehr.port, host="localhost", tls=True)
    assert await charge(interop, visit) == [(None, 1)]
    assert "INTEROP_WRITE_BACK_TLS" in (await waiting(interop))[0]["failure"]


@pytest.mark.parametrize("given", [{"tls_certificate": "own.pem"}, {"tls_key": "own.pem"}])
def test_half_of_a_certificate_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="tls_certificate"):
        WriteBackSettings.model_validate(given)
