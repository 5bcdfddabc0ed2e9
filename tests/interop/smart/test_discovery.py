"""A client learns from the base address alone how to get a token."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from services.interop.fhir import address
from tests.harness import Harness
from tests.interop.smart.proving import BASE, TOKEN_URL, ask, claims, error_of, form, sign


async def _get(interop: Harness, url: str) -> httpx.Response:
    async with interop.http(key=None) as http:
        return await http.get(url)


async def test_the_configuration_is_told_without_a_key(interop: Harness) -> None:
    answer = await _get(interop, f"{BASE}/.well-known/smart-configuration")
    assert answer.headers["content-type"] == "application/json"
    stated = answer.json()
    scopes = stated.pop("scopes_supported")
    assert scopes[0] == "system/*.cruds"
    assert "system/Patient.crus" in scopes
    assert stated == {
        "token_endpoint": TOKEN_URL,
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS384", "ES384"],
        "capabilities": ["client-confidential-asymmetric", "permission-v1", "permission-v2"],
    }


async def test_the_capability_statement_names_smart_and_the_token_endpoint(
    interop: Harness,
) -> None:
    security = _security((await _get(interop, f"{BASE}/metadata")).json())
    [service] = security["service"]
    assert service["coding"][0]["code"] == "SMART-on-FHIR"
    [uris] = security["extension"]
    assert uris["extension"] == [{"url": "token", "valueUri": TOKEN_URL}]


async def test_a_host_that_only_the_caller_names_is_not_ours(
    interop: Harness, client: None
) -> None:
    """An assertion that was made for another server must not be taken where that is claimed."""
    elsewhere = "https://elsewhere.example/fhir"
    made_for_them = form(sign(claims(interop, aud=f"{elsewhere}/token")))
    answer = await ask(interop, made_for_them, f"{elsewhere}/token")
    assert (error_of(answer), "INTEROP_FHIR_URL" in answer.text) == ("invalid_request", True)
    stated = await _get(interop, f"{elsewhere}/.well-known/smart-configuration")
    assert stated.status_code == 404
    security = _security((await _get(interop, f"{elsewhere}/metadata")).json())
    assert security.keys() == {"description"}


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    url = "https://interop.practice.example/api/fhir"
    monkeypatch.setenv("INTEROP_FHIR_URL", url)
    address._settings.cache_clear()  # pyright: ignore[reportPrivateUsage]
    yield url
    address._settings.cache_clear()  # pyright: ignore[reportPrivateUsage]


async def test_behind_a_proxy_the_configured_address_is_told_and_asked_for(
    interop: Harness, client: None, configured: str
) -> None:
    for seen in (BASE, "http://10.1.2.3:8000/fhir"):
        stated = (await _get(interop, f"{seen}/.well-known/smart-configuration")).json()
        assert stated["token_endpoint"] == f"{configured}/token"
        right = form(sign(claims(interop, aud=f"{configured}/token")))
        assert (await ask(interop, right, f"{seen}/token")).status_code == 200
        wrong = await ask(
            interop, form(sign(claims(interop, aud=f"{seen}/token"))), f"{seen}/token"
        )
        assert error_of(wrong) == "invalid_client"


def _security(stated: dict[str, Any]) -> dict[str, Any]:
    [rest] = stated["rest"]
    return rest["security"]
