"""Enhanced acknowledgements and batches over a real socket (HL7 v2.5.1 §2.9.3, §2.10.3)."""

from __future__ import annotations

from libs.events.contracts.interop import PatientRegistered
from libs.events.examples import interop as examples
from tests.harness import Harness
from tests.interop.mllp.conftest import PID, Connect, message

BHS = "BHS|^~\\&|EHR|MAIN|MAINSTAY|MSO|20260302120000||||B77\r"
FHS = "FHS|^~\\&|EHR|MAIN|MAINSTAY|MSO|20260302120000||||F77\r"


def a04(control_id: str, accept: str = "", application: str = "", pid: str = PID) -> str:
    sent = message("ADT^A04", pid.replace("1001", control_id), control_id=control_id)
    return sent.replace("|P|2.5.1", f"|P|2.5.1|||{accept}|{application}", 1)


async def test_commit_and_application_are_acknowledged_one_after_the_other(
    interop: Harness, connect: Connect
) -> None:
    ehr = await connect()
    committed = await ehr.send(a04("1", "AL", "AL"))
    applied = await ehr.answer()
    assert [committed[1][1:3], applied[1][1:3]] == [["CA", "1"], ["AA", "1"]]
    assert len(await interop.published(PatientRegistered)) == 1
    refused = await ehr.send(a04("2", "AL", "AL", PID.replace("19840517", "19841399")))
    assert (refused[1][1:3], refused[2][5]) == (["CE", "2"], "not-a-date")
    rejected = await ehr.send(a04("3", "AL", "NE").replace("ADT^A04", "ADT^Z04"))
    assert rejected[1][1:3] == ["CR", "3"]


async def test_a_sender_that_wants_no_answer_gets_none_and_its_message_is_taken(
    interop: Harness, connect: Connect
) -> None:
    ehr = await connect()
    for control_id, accept in (("1", "NE"), ("2", "ER")):
        sent = a04(control_id, accept, "NE").replace("KEY", ehr.key)
        await ehr.send_bytes(b"\x0b" + sent.encode() + b"\x1c\r")
    assert (await ehr.send(a04("3")))[1][1:3] == ["AA", "3"]
    assert len(await interop.published(PatientRegistered)) == 3


async def test_each_message_of_a_batch_is_acknowledged_in_a_batch(
    interop: Harness, connect: Connect
) -> None:
    ehr = await connect()
    bad = a04("2", pid=PID.replace("19840517", "19841399"))
    sent = f"{FHS}{BHS}{a04('1')}{bad}BTS|2\r{BHS}{a04('3')}BTS|1\rFTS|2\r"
    answer = await ehr.send(sent)
    assert [row[0] for row in answer] == [
        "FHS", "BHS", "MSH", "MSA", "MSH", "MSA", "ERR", "BTS", "BHS", "MSH", "MSA", "BTS", "FTS",
    ]  # fmt: skip
    assert [row[1:3] for row in answer if row[0] == "MSA"] == [
        ["AA", "1"], ["AE", "2"], ["AA", "3"]
    ]  # fmt: skip
    assert [row[11] for row in answer if row[0] in ("FHS", "BHS")] == ["F77", "B77", "B77"]
    assert [row[1] for row in answer if row[0] in ("BTS", "FTS")] == ["2", "1", "2"]
    assert (answer[0][4], answer[0][5]) == ("EHR", "MAIN")
    assert len(await interop.published(PatientRegistered)) == 2
    again = await ehr.send(sent)
    assert [row for row in again if row[0] == "MSA"] == [r for r in answer if r[0] == "MSA"]
    assert len(await interop.published(PatientRegistered)) == 2


async def test_of_a_batch_whose_count_is_wrong_nothing_is_taken(
    interop: Harness, connect: Connect
) -> None:
    ehr = await connect()
    answer = await ehr.send(f"{BHS}{a04('1')}{a04('2')}BTS|3\r")
    assert [row[1:3] for row in answer if row[0] == "MSA"] == [["AR", "1"], ["AR", "2"]]
    assert {row[2] for row in answer if row[0] == "ERR"} == {"BTS^1^1"}
    assert answer[-1][:2] == ["BTS", "2"]
    assert answer[-1][2].startswith("batch-count at BTS-1: ")
    assert await interop.published_all() == []
    async with interop.http(examples.PRACTICE) as client:
        assert (await client.get("/messages")).json() == []


async def test_more_messages_in_a_frame_than_anybody_waits_for_are_refused(
    interop: Harness, connect: Connect
) -> None:
    ehr = await connect(largest_message_bytes=4 * 1024 * 1024)
    many = "".join(a04(str(n)) for n in range(1_001))
    answer = await ehr.send(f"{BHS}{many}BTS|1001\r")
    assert {row[1] for row in answer if row[0] == "MSA"} == {"AR"}
    assert {row[5] for row in answer if row[0] == "ERR"} == {"too-many-messages"}
    assert await interop.published_all() == []
