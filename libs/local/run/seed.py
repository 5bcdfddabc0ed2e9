"""Brings the sample practices under management, through the services' own HTTP interfaces.

Every command carries its id, so seeding twice changes nothing.
"""

from __future__ import annotations

import asyncio
import csv
import hashlib
import json
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from libs.local.demo.months import APPLICATION
from libs.local.demo.practices import (
    CENTS_PER_WORK_RVU,
    OPENED_ON,
    PAYERS,
    PRICES_CENTS,
    WORK_RVU_HUNDREDTHS,
    Clinician,
    Practice,
)
from libs.local.run.platform import LocalPlatform
from libs.local.run.wire import post

SAMPLES = Path("samples")
CREDENTIALING_YEARS = 3

# How the public samples name who pays and who treats; the demo's EHRs map them to its own people.
PUBLIC_PAYERS = ("private", "BAV")
PUBLIC_PRACTITIONERS = (
    "34ef92a2-f1a5-4324-b274-4ccf96f9f2d1",
    "0e99785d-8f2a-45c7-848c-d6b31d1aa50e",
    "79a13b7d-a382-4b6a-a31a-57e763818a56",
    "99111a26-5d57-480b-9af9-9bd645aa5e64",
    "e78eb359-e003-4912-bb67-0db9ae8e3ef5",
    "9941339108",
)


class SeedingError(Exception):
    """A service did not take a command of the demo; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Door:
    """A practice's connections: the keys that its EHR sends with."""

    practice: Practice
    hl7_key: str
    fhir_key: str
    cloudevents_key: str


async def seed(platform: LocalPlatform, practices: list[Practice]) -> list[Door]:
    """Onboard the practices; returns their connections, whose keys are also in `keys.json`."""
    doors = list(await asyncio.gather(*[_onboard(platform, practice) for practice in practices]))
    await _ask_write_back(platform, practices[0])
    _write_keys(platform, doors)
    return doors


async def _ask_write_back(platform: LocalPlatform, practice: Practice) -> None:
    """The practice's EHR listens on this machine for what becomes of its visits."""
    connection_id = practice.id_of("connection", "hl7v2")
    listens = {"host": "127.0.0.1", "port": platform.ports["ehr"], "appointments": True}
    desk = _Desk(platform, practice)
    await desk.post("interop", f"/connections/{connection_id}/write-back", {"write_back": listens})


def _write_keys(platform: LocalPlatform, doors: list[Door]) -> None:
    """What somebody needs to send as one of the sample practices; its owner's alone."""
    path = platform.home / "keys.json"
    path.touch(mode=0o600)
    told = [
        {"name": d.practice.name, "practice_id": str(d.practice.practice_id),
         "hl7_sender": f"{APPLICATION}|{d.practice.facility}", "hl7_key": d.hl7_key,
         "fhir_key": d.fhir_key, "cloudevents_key": d.cloudevents_key}
        for d in doors
    ]  # fmt: skip
    path.write_text(
        json.dumps(
            {"interop": platform.url("interop"), "mllp_port": platform.ports["mllp"],
             "kafka": platform.backends.kafka, "practices": told}, indent=1,
        )
    )  # fmt: skip


async def _onboard(platform: LocalPlatform, practice: Practice) -> Door:
    desk = _Desk(platform, practice)
    await desk.post("agreements", "/practices", {
        "practice_id": str(practice.practice_id), "name": practice.name, "npi": practice.npi,
        "tax_id": practice.tax_id, "time_zone": practice.time_zone, "onboarded_on": OPENED_ON,
        "address": {"line": practice.line, "city": practice.city, "state": practice.state,
                    "postal_code": practice.postal_code},
    })  # fmt: skip
    await desk.post("agreements", "/agreements", {
        "agreement_id": desk.id_of("agreement"), "model": "percentage-of-collections",
        "rate": practice.fee_rate, "effective_on": OPENED_ON,
    })  # fmt: skip
    await desk.post("billing", "/fee-schedules", {
        "fee_schedule_id": desk.id_of("fee-schedule"), "effective_on": OPENED_ON,
        "prices_cents": PRICES_CENTS,
    })  # fmt: skip
    await desk.post("payroll", "/rvu-tables", {
        "rvu_table_id": desk.id_of("rvu-table"), "effective_on": OPENED_ON,
        "work_rvu_hundredths": WORK_RVU_HUNDREDTHS,
    })  # fmt: skip
    await desk.post("engagement", "/policies", {"intake_consent": True})
    for clinician in practice.clinicians:
        await _credential(desk, clinician)
    hl7 = await desk.connect("hl7v2", {"sending_application": APPLICATION,
                                       "sending_facility": practice.facility})  # fmt: skip
    fhir = await desk.connect("fhir", {})
    return Door(practice, hl7, fhir, await desk.connect("cloudevents", {}))


async def _credential(desk: _Desk, clinician: Clinician) -> None:
    provider_id = desk.id_of("provider", clinician.npi)
    await desk.post("credentialing", "/providers", {
        "provider_id": provider_id, "npi": clinician.npi, "family": clinician.family,
        "given": clinician.given, "taxonomy": clinician.taxonomy,
    })  # fmt: skip
    credentialed_on = date(2025, 1, 6)
    await desk.post("credentialing", f"/providers/{provider_id}/credentialing", {
        "credentialed_on": credentialed_on,
        "expires_on": credentialed_on + timedelta(days=365 * CREDENTIALING_YEARS),
    })  # fmt: skip
    for payer in PAYERS:
        if payer.payer_id not in (clinician.enrolled_late, clinician.never_enrolled):
            await enroll(desk.platform, desk.practice, clinician, payer.payer_id)
    await desk.post("payroll", "/compensation-plans", {
        "compensation_plan_id": desk.id_of("compensation", clinician.npi), "npi": clinician.npi,
        "effective_on": OPENED_ON, "cents_per_work_rvu": CENTS_PER_WORK_RVU,
    })  # fmt: skip


async def enroll(
    platform: LocalPlatform, practice: Practice, clinician: Clinician, payer_id: str
) -> None:
    """A payer has enrolled a clinician."""
    desk = _Desk(platform, practice)
    provider_id = desk.id_of("provider", clinician.npi)
    await desk.post("credentialing", f"/providers/{provider_id}/enrollments", {
        "payer_id": payer_id, "effective_on": OPENED_ON, "ends_on": None,
    })  # fmt: skip


async def enroll_late(platform: LocalPlatform, practices: list[Practice]) -> None:
    """The enrollments that come after the first visits: what was held for them goes out."""
    for practice in practices:
        for clinician in practice.clinicians:
            if clinician.enrolled_late is not None:
                await enroll(platform, practice, clinician, clinician.enrolled_late)


@dataclass(frozen=True, slots=True)
class _Desk:
    """Posts commands in one practice's name."""

    platform: LocalPlatform
    practice: Practice

    def id_of(self, *names: str) -> str:
        return str(self.practice.id_of(*names))

    async def post(self, service: str, path: str, body: dict[str, Any]) -> Any:
        async with self.platform.client(service, str(self.practice.practice_id)) as client:
            answer = await post(client, path, json=_plain(body))
        if not answer.is_success:
            raise SeedingError(f"{service} answered {answer.status_code} to {path}: {answer.text}")
        return answer.json()

    async def connect(self, kind: str, more: dict[str, Any]) -> str:
        connection_id = self.practice.id_of("connection", kind)
        secret = hashlib.sha256(f"{self.platform.operator_key}/{connection_id}".encode())
        found = await self.post("interop", "/connections", {
            "connection_id": str(connection_id), "kind": kind, "source_system": APPLICATION,
            "time_zone": self.practice.time_zone, "secret": secret.hexdigest(),
            "profile": _profile(self.practice), **more,
        })  # fmt: skip
        key: str = found["api_key"]
        return key


def _profile(practice: Practice) -> dict[str, Any]:
    """How this EHR names payers and codes, as the practice signed it off."""
    by_code = {p.ehr_code: p for p in PAYERS} | dict.fromkeys(PUBLIC_PAYERS, PAYERS[0])
    payers = {
        code: {"payer_id": payer.payer_id, "payer_name": payer.name}
        for code, payer in by_code.items()
    }
    practitioners = {
        public: practice.clinicians[place % len(practice.clinicians)].npi
        for place, public in enumerate(PUBLIC_PRACTITIONERS)
    }
    with (SAMPLES / "maps" / "value-map.csv").open(newline="") as rows:
        codes = [
            {"system": r["system"], "code": r["code"], "kind": r["kind"], "target": r["target"]}
            for r in csv.DictReader(rows)
        ]
    return {
        "payers": payers,
        "practitioners": practitioners,
        "codes": codes,
        # Synthea names a payer without a member number; the practice bills under the chart's.
        "chart_number_is_member_id": True,
        # It sends IN1 wherever it knows of a payer.
        "no_coverage_is_self_pay": True,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value.isoformat() if isinstance(value, date) else value
