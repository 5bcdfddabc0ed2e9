"""Clients that nobody here wrote get a token and speak FHIR with it, over real HTTP."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from authlib.integrations.base_client import OAuthError  # pyright: ignore
from authlib.integrations.requests_client import OAuth2Session  # pyright: ignore
from authlib.oauth2.rfc7523 import PrivateKeyJWT  # pyright: ignore
from fhirclient import client as fhirclient
from fhirclient.models import bundle as bundles
from fhirpy import AsyncFHIRClient
from fhirpy.base.exceptions import ForbiddenError

from libs.events.contracts.interop import PatientRegistered
from tests.harness import Harness
from tests.interop.fhir.serving import serving
from tests.interop.fhir.test_bad_bundles import PATIENT
from tests.interop.smart.proving import EC, RSA, Key, client_id


async def test_a_client_finds_its_way_from_the_base_address_to_a_patient(
    interop: Harness, client: None
) -> None:
    """Authlib signs and asks; fhirpy and fhirclient use what it was given."""
    interop.clock.move_to(datetime.now(UTC))
    async with serving(interop) as url:
        for key, alg in ((EC, "ES384"), (RSA, "RS384")):
            given = await asyncio.to_thread(_fetch_token, url, key, alg, "system/Patient.cruds")
            assert given["scope"] == "system/Patient.crus"
        access = given["access_token"]
        fhir = AsyncFHIRClient(url, authorization=f"Bearer {access}")
        told = {k: v for k, v in PATIENT.items() if k not in ("resourceType", "id")}
        ada = fhir.resource("Patient", **told)
        await ada.save()
        [found] = await fhir.resources("Patient").search(identifier="1001").fetch_all()
        assert found.id == ada.id
        with pytest.raises(ForbiddenError, match="insufficient_scope"):
            await fhir.resources("Claim").fetch_all()
        assert await asyncio.to_thread(_count_with_fhirclient, url, access) == 1
    assert len(await interop.published(PatientRegistered)) == 1


async def test_authlibs_own_ways_are_refused_with_what_to_set(
    interop: Harness, client: None
) -> None:
    """Its assertions live for an hour where nobody says otherwise."""
    interop.clock.move_to(datetime.now(UTC))
    async with serving(interop) as url:
        told = await asyncio.to_thread(_refused_for_an_hour, url)
    assert told == (
        "invalid_client",
        "client_assertion.exp: let it expire at most five minutes after you sign it, "
        "and set your clock",
    )


def _session(key: Key, alg: str, scope: str, **more: Any) -> Any:
    session: Any = OAuth2Session(
        client_id(), key, token_endpoint_auth_method="private_key_jwt", scope=scope
    )
    auth: Any = PrivateKeyJWT(alg=alg, headers={"kid": key.kid, "typ": "JWT"}, **more)
    session.register_client_auth_method(auth)
    return session


def _fetch_token(url: str, key: Key, alg: str, scope: str) -> dict[str, Any]:
    stated = httpx.get(f"{url}/.well-known/smart-configuration").json()
    assert alg in stated["token_endpoint_auth_signing_alg_values_supported"]
    session = _session(key, alg, scope, claims={"exp": int(time.time()) + 120})
    return session.fetch_token(stated["token_endpoint"], grant_type="client_credentials")


def _refused_for_an_hour(url: str) -> tuple[str, str]:
    with pytest.raises(OAuthError) as refused:
        _session(EC, "ES384", "system/*.rs").fetch_token(
            f"{url}/token", grant_type="client_credentials"
        )
    error: Any = refused.value
    return error.error, error.description


def _count_with_fhirclient(url: str, access: str) -> int:
    smart = fhirclient.FHIRClient(settings={"app_id": "test", "api_base": url})
    server: Any = smart.server
    server.session.headers["Authorization"] = f"Bearer {access}"
    found: Any = bundles.Bundle.read_from("Patient?identifier=1001", server)
    return found.total
