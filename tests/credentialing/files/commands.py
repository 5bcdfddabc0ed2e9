"""The commands of a provider file, as a caller sends them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx

from libs.events.examples import credentialing as examples
from libs.events.examples.interop import NPI

PROVIDER = examples.PROVIDER


async def open_file(client: httpx.AsyncClient, **changes: Any) -> httpx.Response:
    command = {
        "provider_id": str(PROVIDER),
        "npi": NPI,
        "family": "Okafor",
        "given": "Ngozi",
        "taxonomy": "207Q00000X",
    }
    return await client.post("/providers", json={**command, **changes})


async def credential(
    client: httpx.AsyncClient, provider_id: UUID = PROVIDER, **changes: Any
) -> httpx.Response:
    command = {"credentialed_on": "2025-06-02", "expires_on": "2028-06-02", **changes}
    return await client.post(f"/providers/{provider_id}/credentialing", json=command)


async def enroll(
    client: httpx.AsyncClient, provider_id: UUID = PROVIDER, **changes: Any
) -> httpx.Response:
    command = {"payer_id": "BUCKEYE01", "effective_on": "2025-07-01", **changes}
    return await client.post(f"/providers/{provider_id}/enrollments", json=command)
