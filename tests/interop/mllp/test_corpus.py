"""The corpus of bad and odd HL7 v2 messages, over a real socket: each row has its outcome.

The numbers are the corpus's own; rows about what a type means are tested with the type.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from libs.events.examples import interop as examples
from tests.harness import Harness
from tests.interop.mllp.conftest import DG1, FT1, IN1, PID, PV1, Connect, Ehr, message

A04 = message("ADT^A04", PID)
SECOND = message("ADT^A04", PID, control_id="second")


def dft(ft1: str) -> str:
    return message("DFT^P03", PID, PV1, ft1, DG1, IN1)


ANSWERED = {
    "4 two messages in a frame": (A04 + SECOND, "AR second-message"),
    "8 FS in OBX": (A04 + "OBX|1|TX|a||b\x1cc", "AR frame-character"),
    "9 LF separators": (A04.replace("\r", "\n"), "AA"),
    "10 CRLF": (A04.replace("\r", "\r\n"), "AA"),
    "11 no MSH": ("PID|1||1001\r", "AR"),
    "12 MSH-1 is a letter": (A04.replace("|", "Q"), "AR separators"),
    "13 custom delimiters": (A04.translate(str.maketrans("|^~\\&", ";#!%$")), "AA"),
    "14 repeated delimiters": (A04.replace("^~\\&", "^~^&", 1), "AR separators"),
    "15 no MSH-10": (message("ADT^A04", PID, control_id=""), "AR control-id-missing"),
    "18 unknown trigger": (message("ADT^Z99", PID), "AR trigger-event-not-taken"),
    "19 version 9.9": (message("ADT^A04", PID, version="9.9"), "AR version-not-taken"),
    "22 charset lies": (A04.replace("|P|2.5.1", "|P|2.5.1||||||ASCII").replace("Alma", "Ælma"),
                        "AE not-in-character-set"),
    "24 an escaped CR and PID": (A04.replace("12 Orchard", r"12\X0D\PID|1"[:-2]), "AA"),
    "25 bare & in a name": (A04.replace("Rivera", "Rivera&Sons"), "AA"),
    "26 an escaped separator": (A04.replace("Rivera", r"Riv\F\era"), "AA"),
    "27 unterminated escape": (A04.replace("Rivera", r"Riv\Eera"), "AE escape-sequence"),
    "34 February 30": (dft(FT1.replace("20260302", "20260230")), "AE not-a-date"),
    "34 hour 25": (dft(FT1.replace("20260302", "202603022500")), "AE not-a-date"),
    "35 10,000 repetitions": (A04.replace("1001^^^EHR^MR", "~".join(["1^^^E^MR"] * 10_000)),
                              "AR too-many-repetitions"),
    "36 100,000 OBX": (A04 + "OBX|1|NM|x||1\r" * 100_000, "AR too-many-segments"),
    "38 NM with <0.1": (dft(FT1.replace("178.00", "<0.1")), "AE amount"),
}  # fmt: skip


def told(answer: list[list[str]]) -> str:
    return " ".join([answer[1][1], *(row[5] for row in answer if row[0] == "ERR")])


@pytest.mark.parametrize("row", ANSWERED)
async def test_a_row_is_answered_and_the_next_message_flows(connect: Connect, row: str) -> None:
    sent, outcome = ANSWERED[row]
    ehr = await connect(largest_message_bytes=4 * 1024 * 1024)
    assert told(await ehr.send(sent)) == outcome
    assert told(await ehr.send(SECOND)) == "AA"


async def test_16_and_17_the_same_control_id_with_the_same_bytes_and_with_others(
    interop: Harness, connect: Connect
) -> None:
    ehr = await connect()
    first = await ehr.send(A04)
    assert await ehr.send(A04) == first
    assert told(await ehr.send(A04.replace("Alma", "Alba"))) == "AE control-id-reused"
    assert len(await interop.published_all()) == 1


async def test_20_what_a_test_system_sends_is_refused_where_a_practice_is_live(
    connect: Connect,
) -> None:
    test = A04.replace("|P|2.5.1", "|T|2.5.1")
    assert told(await (await connect()).send(test)) == "AA"
    live = await connect(name="live", profile={"production_only": True})
    for sent in (test, test.replace("|T|", "|D|"), test.replace("|T|", "||")):
        answer = await live.send(sent)
        assert (told(answer), answer[2][2]) == ("AR processing-id", "MSH^1^11")
        assert answer[2][3].startswith("202^")
    assert told(await live.send(A04)) == "AA"


async def test_23_invalid_utf_8_is_an_error(connect: Connect) -> None:
    ehr = await connect()
    sent = A04.replace("KEY", ehr.key).encode().replace(b"Rivera", b"Riv\xc3(ra")
    await ehr.send_bytes(b"\x0b" + sent + b"\x1c\r")
    answer = await ehr.answer()
    assert (told(answer), answer[2][2]) == ("AE not-in-character-set", "MSH^1^18")


NO_FRAMES = {
    "1 no VT": A04.encode() + b"\x1c\r",
    "6 50 MB frame": b"\x0bMSH|" + b"x" * 50_000_000,
    "7 VT in the body": b"\x0b" + A04.replace("Rivera", "Riv\x0bera").encode() + b"\x1c\r",
    "8 FS CR in OBX": b"\x0b" + A04.encode() + b"OBX|1|TX|a||b\x1c\rc\r\x1c\r",
}


@pytest.mark.parametrize("row", NO_FRAMES)
async def test_a_frame_that_is_none_ends_its_own_connection_only(
    connect: Connect, row: str
) -> None:
    bad, good = await connect(), await connect()

    async def send() -> None:
        with suppress(ConnectionError):  # it is no longer read
            await bad.send_bytes(NO_FRAMES[row])

    sending = asyncio.create_task(send())
    codes = await _answers(bad)
    await sending
    assert codes in (["AR"], ["AR", "AR"])
    assert told(await good.send(A04)) == "AA"


ENDLESS = {
    "2 no FS": [b"\x0bMSH|^~\\&|"],
    "3 FS without CR": [b"\x0bMSH|^~\\&|\x1c"],
    "5 one byte at a time": [b"\x0bM", *[b"x"] * 100],
}


@pytest.mark.parametrize("row", ENDLESS)
async def test_a_frame_that_does_not_end_in_time_ends_its_connection(
    connect: Connect, row: str
) -> None:
    slow = await connect(frame_seconds=0.5)

    async def drip() -> None:
        for piece in ENDLESS[row]:
            if slow.writer.is_closing():
                return
            slow.writer.write(piece)
            await asyncio.sleep(0.05)

    dripping = asyncio.create_task(drip())
    answer = await slow.answer()
    assert answer[1][1] == "AR"
    assert "a message that did not end" in answer[1][3]
    assert await asyncio.wait_for(slow.reader.read(), timeout=20) == b""
    dripping.cancel()


async def test_40_an_answer_is_dropped_and_never_answered(
    interop: Harness, connect: Connect
) -> None:
    ehr = await connect()
    for kind in ("ACK^A04^ACK", "ACK", "ORR^O02"):
        sent = message(kind, "MSA|AA|1", control_id="ack").replace("KEY", ehr.key)
        await ehr.send_bytes(b"\x0b" + sent.encode() + b"\x1c\r")
    answer = await ehr.send(A04)
    assert (told(answer), answer[1][2]) == ("AA", "1")
    async with interop.http(examples.PRACTICE) as client:
        assert len((await client.get("/messages")).json()) == 1


async def _answers(ehr: Ehr) -> list[str]:
    """The codes of all answers until the other end closes."""
    codes: list[str] = []
    try:
        while True:
            codes.append((await ehr.answer())[1][1])
    except (asyncio.IncompleteReadError, ConnectionError):
        return codes
