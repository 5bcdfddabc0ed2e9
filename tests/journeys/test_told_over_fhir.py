"""A visit in an EHR's FHIR bundle is paid, and the EHR is told and reads its own claim."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from libs.local.demo.practices import PAYERS, PRICES_CENTS
from libs.local.run.platform import LocalPlatform
from libs.local.run.seed import Door
from tests.transport.platform import eventually

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

CODE = next(code for code, cents in PRICES_CENTS.items() if cents)
GUIDE = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition"


@contextmanager
def listening(got: list[dict[str, Any]]) -> Iterator[str]:
    """The EHR's endpoint; yields its address."""

    class Take(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Take)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def subscription(url: str) -> dict[str, Any]:
    content = {"url": f"{GUIDE}/backport-payload-content", "valueCode": "full-resource"}
    return {
        "resourceType": "Subscription",
        "status": "requested",
        "reason": "follow our claims",
        "criteria": "urn:mainstay:SubscriptionTopic:claim-status",
        "channel": {
            "type": "rest-hook",
            "endpoint": url,
            "payload": "application/fhir+json",
            "_payload": {"extension": [content]},
        },
    }


def visit(door: Door, number: int) -> dict[str, Any]:
    """A patient, their coverage, a visit and its claim."""
    name = f"told{number}"
    payer = PAYERS[0]
    [npi] = [c.npi for c in door.practice.clinicians
             if payer.payer_id not in (c.enrolled_late, c.never_enrolled)][:1]  # fmt: skip
    subject = {"reference": f"Patient/{name}"}
    coded = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "Z00.00"}]}
    resources: list[dict[str, Any]] = [
        {
            "resourceType": "Patient", "id": name, "gender": "female",
            "identifier": [{"value": name}], "birthDate": "1971-02-03",
            "name": [{"family": "Told", "given": ["Tess"]}],
            "address": [{"line": ["1 Elm Street"], "city": "Springfield", "state": "MA",
                         "postalCode": "01101"}],
        },
        {
            "resourceType": "Coverage", "id": name, "status": "active",
            "beneficiary": subject, "subscriberId": "W1234567",
            "payor": [{"display": payer.ehr_code}],
        },
        {
            "resourceType": "Encounter", "id": name, "status": "finished",
            "class": {"code": "AMB"}, "subject": subject,
            "period": {"start": "2026-05-04T15:00:00Z"},
            "participant": [{"individual": {"identifier": {
                "system": "http://hl7.org/fhir/sid/us-npi", "value": npi}}}],
        },
        {
            "resourceType": "Condition", "id": name, "subject": subject, "code": coded,
            "encounter": {"reference": f"Encounter/{name}"},
        },
        {
            "resourceType": "Claim", "id": name, "status": "active", "use": "claim",
            "type": {"coding": [{"code": "professional"}]}, "patient": subject,
            "created": "2026-05-04", "provider": {"display": door.practice.name},
            "priority": {"coding": [{"code": "normal"}]},
            "insurance": [{"sequence": 1, "focal": True,
                           "coverage": {"reference": f"Coverage/{name}"}}],
            "item": [{
                "sequence": 1, "encounter": [{"reference": f"Encounter/{name}"}],
                "productOrService": {"coding": [{
                    "system": "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
                    "code": CODE}]},
            }],
        },
    ]  # fmt: skip
    entries = [
        {"resource": one, "request": {"method": "PUT", "url": f"{one['resourceType']}/{name}"}}
        for one in resources
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


async def paid(
    fhir: httpx.AsyncClient, got: list[dict[str, Any]], door: Door
) -> tuple[int, dict[str, Any]]:
    """The first of the EHR's visits that is decided; a payer takes not every claim in."""
    for number in range(1, 6):
        sent = await fhir.post("", json=visit(door, number))
        assert sent.status_code == 200, sent.text
        told = await ended(got, number)
        if told["outcome"] == "complete":
            return number, told
    pytest.fail("the payer took none of five claims in")


async def ended(got: list[dict[str, Any]], number: int) -> dict[str, Any]:
    """What was told last of a visit's claim, decided or not taken in."""

    async def look() -> dict[str, Any] | None:
        claims = [bundle["entry"][1]["resource"] for bundle in got[1:]]
        own = [c for c in claims if c.get("request") == {"reference": f"Claim/told{number}"}]
        return own[-1] if own and own[-1]["outcome"] in ("complete", "error") else None

    found = await eventually(look, within_seconds=120, what="the claim comes to its end")
    assert found is not None
    return found


async def test_an_ehr_is_told_over_fhir_that_its_claim_is_decided_and_reads_it(
    live: LocalPlatform, doors: list[Door]
) -> None:
    door, got = doors[0], list[dict[str, Any]]()
    headers = {"authorization": f"Bearer {door.fhir_key}", "content-type": "application/fhir+json"}
    with listening(got) as url:
        async with httpx.AsyncClient(
            base_url=f"{live.url('interop')}/fhir", headers=headers
        ) as fhir:
            made = await fhir.post("/Subscription", json=subscription(url))
            assert made.status_code == 201, made.text
            name = f"/Subscription/{made.json()['id']}"

            async def active() -> bool:
                return (await fhir.get(name)).json()["status"] == "active"

            await eventually(active, what="the handshake was taken")
            number, told = await paid(fhir, got, door)
            read = (await fhir.get(f"/ClaimResponse/{told['id']}")).json()
            assert read == told
            found = (
                await fhir.get("/ClaimResponse", params={"request": f"Claim/told{number}"})
            ).json()
            assert [entry["resource"] for entry in found["entry"]] == [told]
            assert (await fhir.delete(name)).status_code == 204
    numbers = [_number(bundle) for bundle in got[1:]]
    assert numbers == [str(n) for n in range(1, len(numbers) + 1)]
    amounts = {r["category"]["coding"][0]["code"]: r["amount"]["value"]
               for r in told["adjudication"]}  # fmt: skip
    assert round(amounts["submitted"] * 100) == PRICES_CENTS[CODE]
    assert told["patient"] == {"reference": f"Patient/told{number}"}


def _number(bundle: dict[str, Any]) -> str:
    rows = bundle["entry"][0]["resource"]["parameter"]
    [event] = [row["part"] for row in rows if row["name"] == "notification-event"]
    return event[0]["valueString"]
