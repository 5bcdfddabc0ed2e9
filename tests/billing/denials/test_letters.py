"""An appeal's letter says what the payer must know, in a PDF that anybody can read."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from libs.events.contracts.billing_denials import DenialCategory
from libs.events.examples.interop import COVERAGE, PERSON
from services.billing.denials.letters.arguments import ARGUMENTS
from tests.billing.denials.refused import refused
from tests.billing.denials.worked import working
from tests.billing.desk import Desk, let_answer, simulated
from tests.billing.documents.pdf import open_pdf, text_of
from tests.billing.remittance import payment


async def letter(desk: Desk, **command: Any) -> bytes:
    async with working(desk) as worker:
        [denial] = await worker.list()
        path = f"{denial['denial_id']}/appeals"
        await worker.done(path, **{"level": 1, **command})
        answer = await worker.client.get(f"/denials/{path}/1/letter.pdf")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    return answer.content


async def test_it_names_the_claim_the_service_the_reason_and_the_evidence(desk: Desk) -> None:
    await desk.see_patients()
    await let_answer(desk, simulated(), "277")
    [number] = await desk.control_numbers()
    await desk.hear("a.835", payment(refused(number, "29")))
    [claim] = await desk.fetch("SELECT payer_claim_number FROM claim")
    said = text_of(
        await letter(desk, enclosures=["Fax of 3 March"], send_to=["PO Box 1", "Springfield, IL"])
    )
    for told in (
        "Olentangy", number, claim["payer_claim_number"], PERSON.family, COVERAGE.member_id,
        COVERAGE.payer_name, "PO Box 1", "CO-29: filed too late", "$178.00", "G0439",
        "TRACE1 of March 20, 2026", "March 2, 2026, interchange 1", "taken in (277CA)",
        "Electronic claim acknowledgement (277CA)", "Fax of 3 March",
        "accept the claim as filed in time",
    ):  # fmt: skip
        assert told in said, told
    assert "Diagnoses" not in said, "no more of the patient than the argument needs"


async def test_it_is_accessible_and_kept_as_it_was_sent(desk: Desk, number: str) -> None:
    await desk.hear("a.835", payment(refused(number, "50")))
    sent = await letter(desk)
    root: Any = open_pdf(sent).trailer["/Root"].get_object()
    assert root["/MarkInfo"]["/Marked"]
    assert b"pdfuaid" in root["/Metadata"].get_object().get_data()
    assert "Diagnoses: Z00.00" in text_of(sent)
    [row] = await desk.fetch("SELECT letter FROM appeal")
    assert b"%PDF" not in row["letter"], "it names the patient, so it stands sealed"


HOSTILE = ('#read("/etc/passwd")', '"); #panic("carried out")', "$x$ *bold* @ref <label>")


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_name_is_a_name(desk: Desk, name: str) -> None:
    person = PERSON.model_copy(update={"family": name})
    await desk.see_patients(person=person)
    [number] = await desk.control_numbers()
    await desk.hear("a.835", payment(refused(number, "50")))
    said = text_of(await letter(desk, argument=name))
    assert f"{PERSON.given} {name}" in said
    assert said.count(name) == 2


async def test_a_claim_that_was_taken_over_is_appealed_by_its_numbers(desk: Desk) -> None:
    command = {
        "claim_id": "6f6a1a51-3c1b-4b53-8a55-00000000c1a1", "control_number": "OLD1",
        "payer_id": "BUCKEYE01", "service_on": "2026-01-05", "charge_cents": 17_800,
    }  # fmt: skip
    async with working(desk) as worker:
        taken = await worker.client.post("/opening-claims", json=command)
        assert taken.status_code == 201, taken.text
    await desk.hear("a.835", payment(refused("OLD1", "197")))
    said = text_of(await letter(desk))
    assert "OLD1" in said
    assert "Patient" not in said


def test_every_category_has_an_argument() -> None:
    assert {*ARGUMENTS} == {*get_args(DenialCategory)}
    assert all(argument.says and argument.asks for argument in ARGUMENTS.values())
