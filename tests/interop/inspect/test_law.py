"""What an inspection says is what the service does, for a practice that is new to it."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from services.interop.connections.model import Profile
from services.interop.inspect.fhir import inspect_fhir
from services.interop.inspect.hl7 import inspect_hl7
from tests.harness import Harness
from tests.interop.conftest import OpenConnection
from tests.interop.fhir.reading import PATIENTS, SAMPLES
from tests.interop.fhir.test_bad_bundles import CLAIM, CONDITION, ENCOUNTER, PATIENT
from tests.interop.inspect.serving import ZONE, from_our_connection, served_fhir, served_hl7, told
from tests.interop.mllp.conftest import DG1, FT1, IN1, PID, PROFILE, PV1, SCH, message

BOM = b"\xef\xbb\xbf"
HL7 = sorted((SAMPLES / "hl7v2").glob("*.hl7"))
BUNDLES = sorted((SAMPLES / "fhir").glob("*.json"))
REAL = Profile.model_validate_json(json.dumps(PROFILE))


@pytest.mark.parametrize("profile", [None, REAL], ids=["sandbox", "real"])
async def test_every_hl7_sample_is_answered_as_inspected(
    interop: Harness, open_connection: OpenConnection, profile: Profile | None
) -> None:
    for path in HL7:
        raw = from_our_connection(path.read_bytes())
        inspection = inspect_hl7(path.name, raw, profile=profile, time_zone=ZONE)
        served = await served_hl7(interop, open_connection, raw, inspection.used.profile)
        assert list(inspection.found.messages) == served, path.name


async def test_a_file_of_all_samples_is_answered_as_inspected_in_its_order(
    interop: Harness, open_connection: OpenConnection
) -> None:
    numbered = [
        from_our_connection(path.read_bytes().removeprefix(BOM)).replace(
            b"|MSG000", b"|%dMSG" % place
        )
        for place, path in enumerate((*HL7, *HL7))
    ]
    raw = b"\r\n".join(numbered)
    inspection = inspect_hl7("all", raw, profile=None, time_zone=ZONE)
    served = await served_hl7(interop, open_connection, raw, inspection.used.profile)
    assert list(inspection.found.messages) == served
    assert len(served) == 2 * len(HL7)
    assert "interop.appointment-cancelled.v1" in {kind for one in served for kind in one.events}


@pytest.mark.parametrize("path", BUNDLES, ids=lambda path: path.name.partition("_")[0][:12])
async def test_every_fhir_sample_is_answered_as_inspected(
    interop: Harness, open_connection: OpenConnection, path: Any
) -> None:
    raw = path.read_bytes()
    inspection = inspect_fhir(path.name, raw, profile=None, time_zone=ZONE)
    served = await served_fhir(interop, open_connection, raw, inspection.used.profile)
    assert told(inspection.found) == served
    assert inspection.found.is_accepted
    assert (path in PATIENTS) == ("interop.patient-registered.v1" in served[1])


MESSAGES = (
    message("ADT^A04", PID, IN1),
    message("ADT^A08", PID.replace("12 Orchard", "7 Mill"), PV1, IN1),
    message("SIU^S12", SCH, PID, PV1),
    message("SIU^S26", SCH, PID, PV1),
    message("DFT^P03", PID, PV1, FT1, DG1, IN1),
)
WORDS = (
    "",
    '""',
    "^",
    "~",
    "&",
    "\\X00\\",
    "\\F\\",
    "x" * 201,
    "20269999",
    "é",
    "1001",
    "BAV",
    "-1",
)


def fuzzed_file(seed: int, count: int = 40) -> bytes:
    """Messages of one patient with something wrong in about half; some share their control id."""
    chance = random.Random(seed)
    return "".join(_fuzzed(chance) for _ in range(count)).encode()


def _fuzzed(chance: random.Random) -> str:
    lines = chance.choice(MESSAGES).replace("KEY", "").rstrip("\r").split("\r")
    lines[0] = lines[0].replace("|1|P|", f"|{chance.randrange(60)}|P|")
    for _ in range(chance.choice((0, 0, 1, 1, 2, 3))):
        place = chance.randrange(len(lines))
        fields = lines[place].split("|")
        first = 8 if fields[0] == "MSH" else 1
        match chance.randrange(5):
            case 0 if place and len(lines) > 2:
                del lines[place]
            case 1 if place:
                lines.insert(place, lines[chance.randrange(1, len(lines))])
            case 2:
                lines[place] = lines[place][: chance.randrange(len(lines[place])) + 1]
                if place == 0:
                    lines[0] = message("ADT^A04").split("\r")[0]
            case _ if len(fields) > first:
                fields[chance.randrange(first, len(fields))] = chance.choice(WORDS)
                lines[place] = "|".join(fields)
            case _:
                pass
    return "\r".join(lines) + "\r"


@pytest.mark.parametrize("seed", range(6))
async def test_fuzzed_messages_are_answered_as_inspected(
    interop: Harness, open_connection: OpenConnection, seed: int
) -> None:
    raw = fuzzed_file(seed)
    profile = REAL if seed % 2 else None
    inspection = inspect_hl7("fuzzed", raw, profile=profile, time_zone=ZONE)
    served = await served_hl7(interop, open_connection, raw, inspection.used.profile)
    assert list(inspection.found.messages) == served
    assert len({one.ack for one in served}) > 1


@pytest.mark.parametrize("seed", range(30))
async def test_fuzzed_bundles_are_answered_as_inspected(
    interop: Harness, open_connection: OpenConnection, seed: int
) -> None:
    raw = fuzzed_bundle(seed)
    inspection = inspect_fhir("fuzzed", raw, profile=None, time_zone=ZONE)
    served = await served_fhir(interop, open_connection, raw, inspection.used.profile)
    assert told(inspection.found) == served


def fuzzed_bundle(seed: int) -> bytes:
    """A bundle in which up to four members or items are missing or are something else."""
    chance = random.Random(seed)
    booking: dict[str, Any] = {
        "resourceType": "Appointment",
        "id": "a1",
        "status": chance.choice(("booked", "noshow")),
        "start": "2026-03-06T01:30:00Z",
        "participant": [{"actor": {"reference": "Patient/p1"}, "status": "accepted"}],
    }
    bundle: dict[str, Any] = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {"resource": one, "request": {"method": "POST"}}
            for one in (PATIENT, ENCOUNTER, CONDITION, CLAIM, booking)
        ],
    }
    found = json.loads(json.dumps(bundle))
    for _ in range(seed % 5):
        break_one(found["entry"], chance)
    return json.dumps(found).encode()


def break_one(found: Any, chance: random.Random) -> None:
    """Walk down to somewhere, and change or remove what is there."""
    while True:
        places = list(found) if isinstance(found, dict) else list(range(len(found)))
        if not places:
            return
        place = chance.choice(places)
        if isinstance(found[place], dict | list) and found[place] and chance.random() < 0.8:
            found = found[place]
            continue
        if chance.random() < 0.4:
            del found[place]
        else:
            found[place] = chance.choice([None, 7, -1, "", "x" * 201, [], {}, True, "é"])
        return
