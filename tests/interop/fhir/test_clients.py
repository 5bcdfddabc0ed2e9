"""FHIR clients that nobody here wrote create, read back, find and update, over real HTTP."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from fhirclient import client
from fhirclient.models import bundle as bundles
from fhirclient.models import fhirdate, humanname, identifier, patient
from fhirpy import AsyncFHIRClient
from fhirpy.base.exceptions import OperationOutcome, ResourceNotFound

from libs.events.contracts.interop import EncounterPosted, PatientRegistered, PatientUpdated
from tests.harness import Harness
from tests.interop.conftest import OpenConnection
from tests.interop.fhir.asking import PROFILE
from tests.interop.fhir.serving import serving
from tests.interop.fhir.test_bad_bundles import CLAIM, CONDITION, ENCOUNTER, PATIENT

MRN = "urn:oid:2.16.840.1.113883.19.5"


async def test_fhirpy_creates_reads_finds_updates_and_is_told_what_is_wrong(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection(kind="fhir")
    async with serving(interop) as url:
        fhir = AsyncFHIRClient(url, authorization=f"Bearer {key}")
        ada = fhir.resource(
            "Patient",
            identifier=[{"system": MRN, "value": "77"}],
            name=[{"family": "Rivera", "given": ["Alma"]}],
            gender="female",
            birthDate="1984-05-17",
        )
        await ada.save()
        assert ada.id
        again = await fhir.reference("Patient", ada.id).to_resource()
        assert again["name"][0]["family"] == "Rivera"
        [found] = await fhir.resources("Patient").search(identifier=f"{MRN}|77").fetch_all()
        assert found.id == ada.id
        found["name"][0]["family"] = "Rivera Cruz"
        await found.save()
        assert found["meta"]["versionId"] == "2"
        same = fhir.resource("Patient", **{k: v for k, v in PATIENT.items() if k != "id"})
        same["identifier"] = [{"system": MRN, "value": "77"}]
        kept, is_new = (
            await fhir.resources("Patient").search(identifier=f"{MRN}|77").get_or_create(same)
        )
        assert (kept.id, is_new) == (ada.id, False)
        _, is_new = await fhir.resources("Patient").search(identifier=f"{MRN}|77").update(found)
        assert not is_new
        with pytest.raises(ResourceNotFound):
            await fhir.reference("Patient", "nobody").to_resource()
        with pytest.raises(OperationOutcome, match="gender"):
            await fhir.resource("Patient", gender="SECRET").save()
    [registered] = await interop.published(PatientRegistered)
    [updated] = await interop.published(PatientUpdated)
    assert (registered.person.family, updated.person.family) == ("Rivera", "Rivera Cruz")


async def test_fhirpy_sends_a_visit_piece_by_piece(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection(kind="fhir", profile=PROFILE)
    encounter: dict[str, Any] = ENCOUNTER | {
        "participant": [{"individual": {"reference": "Practitioner/dr"}}]
    }
    async with serving(interop) as url:
        fhir = AsyncFHIRClient(url, authorization=f"Bearer {key}")
        for resource in (PATIENT, encounter, CONDITION):
            await fhir.resource(**_split(resource)).save()
            assert await interop.published(EncounterPosted) == []
        await fhir.resource(**_split(CLAIM)).save()
    [posted] = await interop.published(EncounterPosted)
    assert posted.diagnoses == ("I10",)
    assert [line.procedure_code for line in posted.lines] == ["G0439"]


def _split(resource: dict[str, Any]) -> dict[str, Any]:
    told = {k: v for k, v in resource.items() if k != "resourceType"}
    return {"resource_type": resource["resourceType"], **told}


async def test_fhirclient_creates_reads_finds_and_updates(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection(kind="fhir")
    async with serving(interop) as url:
        await asyncio.to_thread(_use_fhirclient, url, key)
    assert len(await interop.published(PatientRegistered)) == 1
    assert len(await interop.published(PatientUpdated)) == 1


def _use_fhirclient(url: str, key: str) -> None:
    """Its models are untyped: every element of theirs is None to a type checker."""
    smart = client.FHIRClient(settings={"app_id": "test", "api_base": url})
    fhir: Any = smart.server
    fhir.session.headers["Authorization"] = f"Bearer {key}"
    assert fhir.capabilityStatement.fhirVersion == "4.0.1"
    ada: Any = patient.Patient()
    ada.identifier = [identifier.Identifier({"system": MRN, "value": "78"})]
    ada.name = [humanname.HumanName({"family": "Okafor", "given": ["Ben"]})]
    ada.gender = "male"
    ada.birthDate = fhirdate.FHIRDate("1980-01-02")
    made = ada.create(fhir)
    assert made is not None
    read: Any = patient.Patient.read(made["id"], fhir)
    assert read.name[0].family == "Okafor"
    search = patient.Patient.where(struct={"identifier": f"{MRN}|78"})
    assert [one.id for one in search.perform_resources(fhir)] == [made["id"]]
    read.name[0].given = ["Benjamin"]
    read.update(fhir)
    changed: Any = patient.Patient.read(made["id"], fhir)
    assert changed.meta.versionId == "2"
    found: Any = bundles.Bundle.read_from("Patient?_count=1", fhir)
    assert (found.type, found.total) == ("searchset", 1)
