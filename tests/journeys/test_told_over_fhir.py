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


def visit(door: Door) -> dict[str, Any]:
    """A patient, their coverage, a visit and its claim."""
    payer = PAYERS[0]
    [npi] = [c.npi for c in door.practice.clinicians
             if payer.payer_id not in (c.enrolled_late, c.never_enrolled)][:1]  # fmt: skip
    subject = {"reference": "Patient/told1"}
    coded = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "Z00.00"}]}
    resources: list[dict[str, Any]] = [
        {
            "resourceType": "Patient", "id": "told1", "gender": "female",
            "identifier": [{"value": "TOLD1"}], "birthDate": "1971-02-03",
            "name": [{"family": "Told", "given": ["Tess"]}],
            "address": [{"line": ["1 Elm Street"], "city": "Springfield", "state": "MA",
                         "postalCode": "01101"}],
        },
        {
            "resourceType": "Coverage", "id": "told1", "status": "active",
            "beneficiary": subject, "subscriberId": "W1234567",
            "payor": [{"display": payer.ehr_code}],
        },
        {
            "resourceType": "Encounter", "id": "told1", "status": "finished",
            "class": {"code": "AMB"}, "subject": subject,
            "period": {"start": "2026-05-04T15:00:00Z"},
            "participant": [{"individual": {"identifier": {
                "system": "http://hl7.org/fhir/sid/us-npi", "value": npi}}}],
        },
        {
            "resourceType": "Condition", "id": "told1", "subject": subject, "code": coded,
            "encounter": {"reference": "Encounter/told1"},
        },
        {
            "resourceType": "Claim", "id": "told1", "status": "active", "use": "claim",
            "type": {"coding": [{"code": "professional"}]}, "patient": subject,
            "created": "2026-05-04", "provider": {"display": door.practice.name},
            "priority": {"coding": [{"code": "normal"}]},
            "insurance": [{"sequence": 1, "focal": True,
                           "coverage": {"reference": "Coverage/told1"}}],
            "item": [{
                "sequence": 1, "encounter": [{"reference": "Encounter/told1"}],
                "productOrService": {"coding": [{
                    "system": "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
                    "code": CODE}]},
            }],
        },
    ]  # fmt: skip
    entries = [
        {"resource": one, "request": {"method": "PUT", "url": f"{one['resourceType']}/told1"}}
        for one in resources
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


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
            sent = await fhir.post("", json=visit(door))
            assert sent.status_code == 200, sent.text

            async def decided() -> list[dict[str, Any]]:
                claims = [bundle["entry"][1]["resource"] for bundle in got[1:]]
                return [one for one in claims if one["outcome"] == "complete"
                        and one.get("request") == {"reference": "Claim/told1"}]  # fmt: skip

            [told] = await eventually(decided, within_seconds=120, what="the claim is decided")
            read = (await fhir.get(f"/ClaimResponse/{told['id']}")).json()
            assert read == told
            found = (await fhir.get("/ClaimResponse", params={"request": "Claim/told1"})).json()
            assert [entry["resource"] for entry in found["entry"]] == [told]
            assert (await fhir.delete(name)).status_code == 204
    numbers = [_number(bundle) for bundle in got[1:]]
    assert numbers == [str(n) for n in range(1, len(numbers) + 1)]
    amounts = {r["category"]["coding"][0]["code"]: r["amount"]["value"]
               for r in told["adjudication"]}  # fmt: skip
    assert round(amounts["submitted"] * 100) == PRICES_CENTS[CODE]
    assert told["patient"] == {"reference": "Patient/told1"}


def _number(bundle: dict[str, Any]) -> str:
    rows = bundle["entry"][0]["resource"]["parameter"]
    [event] = [row["part"] for row in rows if row["name"] == "notification-event"]
    return event[0]["valueString"]
