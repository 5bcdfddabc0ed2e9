"""Brings the sample practices under management, through the services' own HTTP interfaces.

Every command carries its id, so seeding twice changes nothing.
"""

from __future__ import annotations

import csv
import hashlib
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
    "f4bf5265-8d8e-4055-a4e5-b34853f1099f",
    "7f01c91e-c9a8-453b-aba3-7ebb55556199",
    "3e177bd6-7cd9-4b2d-9245-271684a76b03",
    "a1b28730-eedd-4efa-870e-a70af74fec46",
    "ed34bab9-9639-452d-bf7a-b1cbace13733",
    "89af50db-f85c-497f-aa1f-f1c5cea70bc7",
    "34ef92a2-f1a5-4324-b274-4ccf96f9f2d1",
    "30793bd7-6605-40fe-bc4f-f41957b72d53",
    "60c9fe63-d9e6-4e5e-8d5c-f91b7fc75419",
    "dad277d0-71c6-467a-be3c-e49d5e10f41a",
    "36a6e15b-7345-42ae-8a59-7a35059ebb47",
    "11cb6f4d-10ad-4f18-bc2d-7ed1d4ca0e7e",
    "45437745-336e-40fe-b8dd-5790e7859f6e",
    "7f81ffc7-c358-4bb8-ad65-cf1f2508b743",
    "90a218f2-1ad5-498d-a07c-7d40dfe04917",
    "99111a26-5d57-480b-9af9-9bd645aa5e64",
    "6d705d81-8546-43b2-b336-31a282128f2d",
    "47ebed92-735d-41b9-86f6-7fdb5f41a905",
    "e92c468f-8f1b-4d5e-bf96-76dc945d2e8c",
    "8b85559d-27de-4d4b-bea7-5a715164cb60",
    "22d56828-df1d-4739-82b9-45a3757b3a5f",
    "9f1403b1-03d8-4b93-8203-ce96e3157deb",
    "c1c9fdbd-ccd2-49b4-b2bd-1650a75df9d9",
    "f256d3ba-bb70-4613-a631-825d500c57fa",
    "79a13b7d-a382-4b6a-a31a-57e763818a56",
    "bdde2c47-34f0-45ca-861b-3d14463150d1",
    "21deb55c-2cda-4306-947d-001412452463",
    "42676af6-6808-4b64-ba11-0b100bacdb74",
    "fd7a737e-1ac5-4c4e-89cd-1c07da4ca1c2",
    "1cb51157-8083-410f-87d1-07a94629222a",
    "c3c53ad9-4c82-406d-9b5b-b4f5e97e9410",
    "e443ac58-8ece-4385-8d55-775c1b8f3a37",
    "96333652-ed28-41d3-bb60-d435f478c8ed",
    "cce1f8c1-78b2-4042-94a2-27f8d9faae5f",
    "0653c047-19b4-466e-a048-0b3917600b43",
    "03dfaa2f-a54b-4acf-bd54-80defef6ed51",
    "8f18b4c3-0191-4054-8f00-b5d3f6016bfc",
    "a6dfe8e5-f65e-4eda-a572-850f7ac0d7cf",
    "a6ba35b7-22d7-4bea-b87b-afbc9ff2f2ee",
    "37881086-7b05-4b18-a279-08e331f50e9b",
    "7cdcee56-a0c0-419c-98fd-a7ccc981f650",
    "880fc316-4201-450b-9ac2-c6769a04e7e2",
    "b119e0a9-6b11-42c3-8a37-24c68f8eaa78",
    "e34619ed-fc04-401f-a94c-1cf43395f4b3",
    "db3579c6-6a1d-49ab-9ed8-60a4a8c04ec5",
    "f56140b0-636a-4d99-a075-df18b6193af6",
    "c02064be-1075-4027-a7eb-027c476ef3e4",
    "5fcf93bb-c27a-4673-8822-4d1b5d479303",
    "63003abb-3924-46df-a75a-0a1f42733189",
    "e5136663-2491-4304-ae78-6696a1bae405",
    "9b2564fd-1e47-420a-bded-387234070ef3",
    "6771c9e4-5a7d-4d20-b1c0-88b219f0661b",
    "0e99785d-8f2a-45c7-848c-d6b31d1aa50e",
    "c0ee937a-ff26-4d70-8a32-e5e2ab9be7ec",
    "4ce79e7a-ac65-4f77-9ddf-c53b1a1d40de",
    "92149480-fe87-44b1-b835-37b718614c07",
    "dcd1d857-7a66-41bf-a779-44d4b1aa0f0b",
    "424ebd47-e1d2-41bc-8aa0-5fe8122ae27b",
    "85aeca59-6261-4704-a2e4-1846ec5831a6",
    "e78eb359-e003-4912-bb67-0db9ae8e3ef5",
    "ec06fc71-7541-44d0-80cf-6b0eec00ab3b",
    "f862f10d-3d9e-4394-975f-0b2eef186919",
    "04207356-ddd6-454b-aee4-fa49ff8637b6",
    "bfa88186-6c31-4534-93b0-77674d9e5739",
    "ca217b48-6adf-42d5-b259-76dcc2eca244",
    "f2804b18-03e3-412a-a947-3b73b1bb724d",
    "d739ae27-f3ec-46d3-92ab-e6e111c59c5e",
    "5e57a286-d7c6-4e2d-9834-7fb48bd32b51",
    "1a99934f-a555-499e-9470-fcff6cca596b",
    "efb5d4ce-dffc-47df-aa6d-05d372fdb407",
    "5440ed73-b1b6-4108-b072-20c3b88546d8",
    "84c0b5d1-e169-4280-94cf-410f9befb33d",
    "713395a6-c0cd-426f-a817-e15e0ce8ee0e",
    "9828617e-496e-403e-b99f-3d3646d4e03b",
    "5f43d4af-20de-447e-9c8d-c4b39d5fced7",
    "735350c7-6700-45db-b348-c2f2c54ee864",
    "5e9e70e2-0441-4c7f-82fd-309014ca8fee",
    "a1f46e4c-c155-4430-ad62-ad4042c90b78",
    "b0aca4f9-4d6a-41b9-87ed-eeb16ee40172",
    "2ee48909-f016-4f03-a7c8-62f525b54269",
    "809ebd37-0f3c-43fc-8532-66bfa6be6184",
    "52919099-6a7a-442c-b0d5-2b02c0dd4b74",
    "6a95bd29-482c-42f1-95ee-cc77181dbe99",
    "792eb592-6944-4dad-87c8-66db4f237382",
    "6a234b88-e25b-4e98-8fc5-34cb1d59036c",
    "4c12136a-9018-418f-acea-1235ea6582de",
    "7f2e49e4-69c3-4aab-8819-7f52364928c0",
    "2b92eda4-fbe2-46c9-9ed2-64db17cb632d",
    "27d1738e-16ae-4f5b-9db0-fa7efbcf66f8",
    "7be815fb-6326-4163-9747-10cce3ee958e",
    "5ff648a6-1ceb-432f-8edc-f10ca09087f3",
    "511ab45b-a020-4c24-93ff-91936483cc55",
    "908ecf01-c7b6-449f-860e-7960f6327e44",
    "3c82000e-9913-411d-9359-01cec5daa885",
    "49c33385-7b23-43f0-8330-8442a13b298c",
    "39ec1dbb-8acd-4a72-9373-75ca1c23835e",
    "6b9dfb87-3ffb-4a21-9709-2810aa418642",
    "542a457d-c8ef-4830-aa89-c68395cd7bfa",
    "64151ce4-5838-4cb8-a148-5bc0c8f07787",
    "2292c45e-c783-4de6-979a-1592949864ab",
    "de786289-dd70-4048-b126-b5fa2121471f",
    "5613b6fb-2c8a-488a-9b70-6e402925d243",
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


async def seed(platform: LocalPlatform, practices: list[Practice]) -> list[Door]:
    """Onboard the practices; returns their connections."""
    return [await _onboard(platform, practice) for practice in practices]


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
    return Door(practice, hl7, fhir)


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
            answer = await client.post(path, json=_plain(body))
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
    }


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value.isoformat() if isinstance(value, date) else value
