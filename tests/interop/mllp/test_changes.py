"""A visit over MLLP that lacks who pays or where, or whose charges come in batches and credits."""

from __future__ import annotations

from libs.events.contracts.interop import (
    EncounterCorrected,
    EncounterPosted,
    EncounterVoided,
    PatientRegistered,
)
from libs.events.contracts.interop_queries import QueryAnswered, QueryOpened, QueryWithdrawn
from libs.events.examples import interop as examples
from tests.harness import Harness
from tests.interop.mllp.conftest import DG1, FT1, IN1, PID, PROFILE, PV1, Connect, message
from tests.interop.queries.test_answering import answer, fate

ASKING = {**PROFILE, "no_coverage_is_self_pay": False}


async def test_who_pays_is_asked_at_the_desk_and_told_by_the_registration(
    interop: Harness, connect: Connect
) -> None:
    ehr = await connect(profile=ASKING)
    await ehr.send(message("DFT^P03", PID, PV1, FT1, DG1, control_id="1"))
    [opened] = await interop.published(QueryOpened)
    assert (opened.reason, opened.asked) == ("missing-coverage", "front-desk")
    assert await fate(interop) == "waiting"
    await ehr.send(message("ADT^A08", PID, IN1, control_id="2"))
    [withdrawn] = await interop.published(QueryWithdrawn)
    [posted] = await interop.published(EncounterPosted)
    assert withdrawn.query_id == opened.query_id
    assert posted.coverage is not None
    assert posted.coverage.member_id == "BM4471"
    async with interop.http(examples.PRACTICE) as client:
        assert {m["fate"] for m in (await client.get("/messages")).json()} == {"accepted"}


async def test_the_front_desk_answers_without_a_clinician(
    interop: Harness, connect: Connect
) -> None:
    ehr = await connect(profile=ASKING)
    await ehr.send(message("DFT^P03", PID, PV1.replace("|O|", "|R|"), FT1, DG1))
    queries = {query.reason: query for query in await interop.published(QueryOpened)}
    assert set(queries) == {"unmapped-place", "missing-coverage"}
    named = await answer(interop, queries["missing-coverage"].query_id, "self-pay")
    assert named.status_code == 422, "it is no clinician's to answer"
    async with interop.http(examples.PRACTICE) as client:
        for reason, text in {"missing-coverage": "self-pay", "unmapped-place": "19"}.items():
            path = f"/queries/{queries[reason].query_id}/answer"
            assert (await client.post(path, json={"answer": text})).status_code == 200
    [posted] = await interop.published(EncounterPosted)
    assert (posted.coverage, posted.place_of_service) == (None, "19")
    assert len(await interop.published(QueryAnswered)) == 2


async def test_charges_come_in_batches_and_credits_take_them_back(
    interop: Harness, connect: Connect
) -> None:
    ehr = await connect(profile={**PROFILE, "charges_are": "additive"})

    def dft(number: str, *charges: str) -> str:
        return message("DFT^P03", PID, PV1, *charges, DG1, control_id=number)

    first = FT1.replace("FT1|1|", "FT1|1|T1")
    second = first.replace("|T1|", "|T2|").replace("G0439", "G0444")
    answers = [
        await ehr.send(one)
        for one in (
            dft("1", first),
            dft("2", second),
            dft("3", second),
            dft("4", first.replace("|CG|", "|CR|").replace("||2|178", "||-2|-178")),
            dft("5", second.replace("|CG|", "|CR|")),
        )
    ]
    assert [a[1][1] for a in answers] == ["AA"] * 5
    [posted] = await interop.published(EncounterPosted)
    added, left = await interop.published(EncounterCorrected)
    [voided] = await interop.published(EncounterVoided)
    assert [one.procedure_code for one in posted.lines] == ["G0439"]
    assert [one.procedure_code for one in added.lines] == ["G0439", "G0444"]
    assert [one.procedure_code for one in left.lines] == ["G0444"]
    assert voided.reason == "credited"
    unnumbered = await ehr.send(dft("6", FT1))
    assert (unnumbered[1][1], unnumbered[2][5]) == ("AE", "transaction-id-missing")


async def test_of_a_visit_that_is_credited_as_it_is_told_the_patient_is_known_and_nothing_else(
    interop: Harness, connect: Connect
) -> None:
    ehr = await connect(profile={**PROFILE, "charges_are": "additive"})
    charge = FT1.replace("FT1|1|", "FT1|1|T1")
    credit = charge.replace("FT1|1|T1", "FT1|2|T1").replace("|CG|", "|CR|")
    told = await ehr.send(message("DFT^P03", PID, PV1, charge, credit, DG1))
    assert told[1][1] == "AA"
    assert [type(event) for event in await interop.published_all()] == [PatientRegistered]
