"""What proves a client, and what it is given, stands in no log, answer or table."""

from __future__ import annotations

import pytest

from libs.events.examples import interop as examples
from tests.harness import Harness
from tests.interop.fhir.asking import send
from tests.interop.fhir.test_bad_bundles import PATIENT
from tests.interop.smart.proving import ask, claims, form, sign

JTI = "jti-quetzalowitz-9073316"

TABLES = """
SELECT table_name FROM information_schema.tables
 WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'
"""


async def test_no_assertion_jti_or_token_is_logged_answered_or_kept(
    interop: Harness,
    client: None,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    taken = sign(claims(interop, jti=JTI))
    expired = sign(claims(interop, jti=JTI, exp=1))
    unproven = sign(claims(interop, jti=JTI), kid="another")
    answer = await ask(interop, form(taken))
    access = answer.json()["access_token"]
    refused = [await ask(interop, form(one)) for one in (taken, expired, unproven)]
    refused.append(await ask(interop, form(taken + "x", scope=JTI, client_id=JTI)))
    assert (await send(interop, access, "POST", "/Patient", PATIENT)).status_code == 201
    refused.append(await send(interop, access, "POST", "/Claim", PATIENT))
    refused.append(await send(interop, access + "x", "GET", "/Patient"))
    assert {one.is_error for one in refused} == {True}
    async with interop.uow(examples.PRACTICE) as uow:
        names = [row["table_name"] for row in await uow.db.fetch(TABLES)]
        rows = [
            row["told"]
            for name in names
            for row in await uow.db.fetch(f"SELECT t::text AS told FROM {name} t")
        ]
    assert any("system/*.crus" in row for row in rows), "the rows are looked at"
    printed = capfd.readouterr()
    said = [printed.out, printed.err, caplog.text, *rows, *(one.text for one in refused)]
    assert "message received" in printed.out + printed.err, "the log is looked at"
    secrets = [
        JTI,
        access.split("_", 3)[3],
        *(one.rpartition(".")[2] for one in (taken, expired)),
    ]
    for secret in [*secrets, *(one.encode().hex() for one in secrets)]:
        assert all(secret not in text for text in said)
