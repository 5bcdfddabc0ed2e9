"""What cannot be read is put aside with a reason; the rest flows on."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from libs.events.contracts.billing import ClaimPaid, PaymentPosted
from services.billing.answers.read import read_answers
from tests.billing.desk import Desk, simulated
from tests.billing.remittance import Line, Said, payment

SAMPLES = Path("samples/x12")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty-file"),
        (b"<html>502 Bad Gateway</html>\n", "not-x12"),
        ((SAMPLES / "imsweb-x12_bad_first_line.txt").read_bytes(), "isa-length"),
        ((SAMPLES / "imsweb-x12_no_errors.txt").read_bytes(), "unexpected-transaction"),
        ((SAMPLES / "imsweb-x12_999_accepted.txt").read_bytes(), "interchange-control-mismatch"),
        ((SAMPLES / "imsweb-x12_999_rejected.txt").read_bytes(), "unknown-interchange"),
        ((SAMPLES / "imsweb-x12_277CA_rejected.txt").read_bytes(), "unknown-claims"),
        ((SAMPLES / "lfh-demo.835").read_bytes()[:600], "truncated"),
        (b"\x00\x01\x02" * 50, "control-character"),
    ],
)
async def test_a_broken_or_strange_file_is_put_aside_with_its_code(
    desk: Desk, content: bytes, code: str
) -> None:
    await desk.hear("strange.835", content)
    assert await desk.verdicts() == {"strange.835": ("refused", code)}
    assert (desk.inbound / "refused" / "strange.835").read_bytes() == content
    assert list(desk.inbound.glob("*.835")) == []


async def test_the_rest_flows_on(desk: Desk) -> None:
    await desk.see_patients()
    [number] = await desk.control_numbers()
    desk.inbound.mkdir()
    (desk.inbound / "a-broken.835").write_bytes(b"ISA nothing")
    (desk.inbound / "letter.txt").write_text("Dear practice")
    (desk.inbound / "half.835.part").write_bytes(b"ISA*00")
    await desk.hear("z-good.835", payment(Said(number, 17_800, 17_800)))
    assert await desk.states() == ["paid"]
    assert set(await desk.verdicts()) == {"a-broken.835", "letter.txt", "z-good.835"}
    assert [path.name for path in desk.inbound.iterdir() if path.is_file()] == ["half.835.part"]


async def test_the_table_and_the_log_hold_no_content(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    await desk.see_patients()
    [number] = await desk.control_numbers()
    spoilt = payment(Said(number, 17_800, 17_800)).replace(b"DOE*JANE", b"SECRET\x01*NAME")
    await desk.hear("spoilt.835", spoilt)
    [row] = await desk.fetch("SELECT * FROM inbound_file")
    assert row["code"] == "control-character"
    assert row["fix"] == "Ask the sender for a text file."
    said = repr(row) + capsys.readouterr().out
    assert "control-character" in said
    assert "SECRET" not in said


@pytest.mark.parametrize(
    ("change", "to"),
    [
        (b"TRN*1*TRACE1*", b"TRN*1*" + b"9" * 400 + b"*"),
        (b"CAS*CO*197*", b"CAS*CO*NOT-A-CARC*"),
        (b"LQ*HE*N30", b"LQ*HE*" + b"N" * 300),
    ],
)
async def test_a_value_that_no_event_could_say_is_refused_and_posts_nothing(
    desk: Desk, change: bytes, to: bytes
) -> None:
    """Were it not refused, the job would come back to this file for ever."""
    await desk.see_patients(2)
    numbers = await desk.control_numbers()
    line = Line(17_800, 0, [("CO", "197", 17_800)], remark="N30")
    denied = Said(numbers[1], 17_800, 0, status="4", lines=[line])
    content = payment(Said(numbers[0], 17_800, 17_800), denied)
    assert change in content
    await desk.hear("odd.835", content.replace(change, to))
    assert await desk.verdicts() == {"odd.835": ("refused", "value-out-of-contract")}
    assert await desk.billing.published(PaymentPosted) == []
    assert await desk.states() == ["submitted", "submitted"]
    assert (await desk.sums())["paid"] == 0


async def test_a_file_put_back_after_it_was_mended_is_read_again(desk: Desk) -> None:
    """The claims were taken over after their remittance had come."""
    await desk.see_patients()
    [answer] = simulated().acknowledge_file(desk.sent()[0])
    [interchange] = await desk.fetch("SELECT * FROM interchange")
    stranger = Desk(desk.billing, desk.exchange, UUID(int=7))
    await stranger.hear(answer.name, answer.content)
    assert (await stranger.verdicts())[answer.name] == ("refused", "unknown-interchange")
    async with desk.billing.uow(stranger.practice_id) as uow:
        await uow.db.execute(
            "INSERT INTO interchange (practice_id, interchange_number, kind, payer_id, content,"
            " made_at) VALUES ($1, 1, '837', 'BUCKEYE01', $2, $3)",
            stranger.practice_id, interchange["content"], uow.now,
        )  # fmt: skip
    (stranger.inbound / "refused" / answer.name).rename(stranger.inbound / answer.name)
    await read_answers(desk.billing.work)
    assert (await stranger.verdicts())[answer.name] == ("posted", None)
    assert (stranger.inbound / "posted" / answer.name).exists()


async def test_files_of_one_name_are_both_kept(desk: Desk) -> None:
    await desk.hear("same.835", b"first")
    await desk.hear("same.835", b"second")
    kept = sorted(path.read_bytes() for path in (desk.inbound / "refused").iterdir())
    assert kept == [b"first", b"second"]


async def test_a_folder_that_is_no_practices_is_left_alone(desk: Desk) -> None:
    (desk.exchange / "lost+found" / "inbound").mkdir(parents=True)
    (desk.exchange / "lost+found" / "inbound" / "x.835").write_bytes(b"x")
    await read_answers(desk.billing.work)
    assert (desk.exchange / "lost+found" / "inbound" / "x.835").exists()


async def test_a_crash_between_commit_and_move_posts_nothing_twice(desk: Desk) -> None:
    await desk.see_patients()
    [number] = await desk.control_numbers()
    await desk.hear("paid.835", payment(Said(number, 17_800, 17_800)))
    (desk.inbound / "posted" / "paid.835").rename(desk.inbound / "paid.835")
    await read_answers(desk.billing.work)
    assert len(await desk.billing.published(ClaimPaid)) == 1
    assert (await desk.sums())["paid"] == 17_800
    assert (desk.inbound / "posted" / "paid.835").exists()
