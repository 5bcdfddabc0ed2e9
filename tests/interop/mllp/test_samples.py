"""Public HL7 v2 messages, as their authors wrote them: each gets the verdict written here.

Only what every interface engine sets is set: the sender of the connection, its key, a control id of
its own, because the samples share one, and that it wants one answer, which one of them does not.
"""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from libs.events.contracts.interop import ChargeLine, EncounterPosted
from tests.harness import Harness
from tests.interop.mllp.conftest import SAMPLES, Connect

Verdict = tuple[str, list[str], dict[str, int]]

REGISTERED = "interop.patient-registered.v1"
PASSED: Verdict = ("AA", [], {})
VERDICTS: dict[str, Verdict] = {
    "msfhir-ADT-A04-01.hl7": ("AA", [], {REGISTERED: 1}),
    "msfhir-ADT-A08-01.hl7": ("AA", [], {REGISTERED: 1}),
    "msfhir-ADT04-251.hl7": ("AA", [], {REGISTERED: 1}),
    "msfhir-ADT04-23.hl7": ("AE", ["payer-unknown"], {}),
    "msfhir-SIU-S12-01.hl7": ("AA", [], {REGISTERED: 1, "interop.appointment-booked.v1": 1}),
    "msfhir-SIU-S26-01.hl7": ("AA", [], {"interop.appointment-missed.v1": 1}),
    "msfhir-DFT-P03-01.hl7": ("AA", [], {REGISTERED: 1, "interop.encounter-posted.v1": 1}),
    "msfhir-ADT-A01-01.hl7": ("AA", [], {REGISTERED: 1}),
    "msfhir-ADT-A05-01.hl7": ("AA", [], {REGISTERED: 1}),
    "msfhir-ADT-A11-01.hl7": PASSED,
    "msfhir-ADT-A28-01.hl7": ("AA", [], {REGISTERED: 1}),
    "msfhir-ADT-A31-01.hl7": ("AA", [], {REGISTERED: 1}),
    "msfhir-ADT-A40-01.hl7": ("AA", [], {REGISTERED: 1, "interop.patient-merged.v1": 1}),
    "msfhir-LAB-ORU-1.hl7": PASSED,
    "msfhir-MDM-T02-01.hl7": PASSED,
    # These two are booked at the time that they move to, and with the same clinician: no news.
    "msfhir-SIU-S13-01.hl7": PASSED,
    "msfhir-SIU-S14-01.hl7": PASSED,
    "msfhir-SIU-S15-01.hl7": ("AA", [], {"interop.appointment-cancelled.v1": 1}),
    "msfhir-SIU-S17-01.hl7": ("AA", [], {"interop.appointment-cancelled.v1": 1}),
}


def as_sent(name: str) -> str:
    text = (SAMPLES / name).read_bytes().decode().removeprefix("\ufeff")
    header, _, rest = text.replace("\r\n", "\r").replace("\n", "\r").partition("\r")
    fields = header.split("|")
    fields[2], fields[3], fields[7], fields[9] = "EHR", "MAIN", "KEY", name.removesuffix(".hl7")
    fields[14:16] = [""] * len(fields[14:16])
    return "|".join(fields) + "\r" + rest


def test_every_sample_has_a_verdict() -> None:
    assert {path.name for path in SAMPLES.glob("*.hl7")} == set(VERDICTS)


@pytest.mark.parametrize("name", VERDICTS)
async def test_a_public_sample_gets_its_verdict(
    interop: Harness, connect: Connect, name: str
) -> None:
    ehr = await connect(time_zone="America/Detroit")
    if "SIU" in name and "S12" not in name:  # its booking comes first
        await ehr.send(as_sent("msfhir-SIU-S12-01.hl7"))
    before = len(await interop.published_all())
    answer = await ehr.send(as_sent(name))
    refused = _refused(answer)
    events = Counter(event.type for event in (await interop.published_all())[before:])
    code, reasons, expected = VERDICTS[name]
    assert (answer[1][1], refused, dict(events)) == (code, reasons, expected), answer


def _refused(answer: list[list[str]]) -> list[str]:
    """The codes of the refusals; before v2.5 there is no room for them but in MSA-3."""
    errors = [segment for segment in answer if segment[0] == "ERR"]
    if len(errors) == 1 and len(errors[0]) == 2:
        return [answer[1][3].partition(" at ")[0]]
    return [segment[5] for segment in errors]


async def test_the_public_dft_is_posted_to_the_cent(interop: Harness, connect: Connect) -> None:
    ehr = await connect()
    await ehr.send(as_sent("msfhir-DFT-P03-01.hl7"))
    [posted] = await interop.published(EncounterPosted)
    assert posted.service_on == date(2019, 11, 22)
    assert (posted.provider_npi, posted.place_of_service) == ("1245319599", "21")
    assert posted.diagnoses == ("R07.9", "R09.81")
    assert posted.lines == (
        ChargeLine(line_number=1, procedure_code="71045", modifiers=("26",), units=2,
                   diagnosis_pointers=(1, 2)),
        ChargeLine(line_number=2, procedure_code="G0463", diagnosis_pointers=(1,)),
    )  # fmt: skip
    assert posted.ehr_charge_cents == 22_000
    assert posted.coverage is not None
    assert (posted.coverage.payer_id, posted.coverage.member_id) == ("BLUEADV", "548851236L")
    assert posted.coverage.relationship == "spouse"
    assert (posted.person.family, posted.person.birth_on) == ("EVERYMAN", date(1988, 8, 18))
