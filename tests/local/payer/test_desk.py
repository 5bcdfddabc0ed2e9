"""The payer simulator against billing's own codecs: two implementations that must agree."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from libs.local.payer.answers import Answering
from libs.local.payer.decisions import Policy
from libs.local.payer.desk import Desk
from libs.local.payer.faults import parse_faults
from services.billing.deposits.ach import read_deposits
from services.billing.x12 import (
    RemittanceHeader,
    RemittanceTrailer,
    RemittedClaim,
    X12Error,
    meaning_of,
    read_277,
    read_277ca,
    read_835,
    read_999,
)
from tests.billing.x12.batches import batch, claim
from tests.local.payer.exchange import ask_after, inbound_files, sample_claims, submit

ROOT = Path(__file__).parents[3]
HARSH = Policy(seed=3, denials=0.4, rejections=0.2)
KIND = Policy(denials=0.0, rejections=0.0)


def _desk(
    exchange: Path, policy: Policy = KIND, faults: str = "", pace: float = 0.0
) -> tuple[Desk, list[str]]:
    said: list[str] = []
    return Desk(exchange, Answering(policy, parse_faults(faults)), pace, said.append), said


def _remitted(content: bytes) -> tuple[list[RemittedClaim], RemittanceTrailer]:
    header, *events, trailer = read_835(io.BytesIO(content))
    assert isinstance(header, RemittanceHeader)
    assert isinstance(trailer, RemittanceTrailer)
    assert header.payee_npi == batch().billing_provider.npi
    return [event for event in events if isinstance(event, RemittedClaim)], trailer


def test_every_claim_is_answered_once_and_every_remittance_balances(tmp_path: Path) -> None:
    sent = {c.control_number: c for n in range(1, 9) for c in sample_claims(n)}
    for number in range(1, 9):
        submit(tmp_path, number)
    desk, _ = _desk(tmp_path, HARSH)
    desk.work(now=0.0)
    assert desk.idle
    taken_in: list[str] = []
    rejected: list[str] = []
    remitted: dict[str, RemittedClaim] = {}
    for name, content in inbound_files(tmp_path).items():
        if name.endswith(".999"):
            assert [a.verdict for a in read_999(io.BytesIO(content))] == ["accepted"]
        elif name.endswith(".277"):
            [answer] = read_277ca(io.BytesIO(content))
            for status in answer.claims:
                (taken_in if status.verdict == "accepted" else rejected).append(
                    status.control_number
                )
        elif name.endswith(".835"):
            claims, trailer = _remitted(content)
            assert trailer.balanced
            assert {sent[c.control_number].payer.identifier for c in claims} == {name[10:16]}
            remitted |= {c.control_number: c for c in claims}
    assert sorted(taken_in + rejected) == sorted(sent)
    assert sorted(remitted) == sorted(taken_in)
    assert rejected
    for number, answer in remitted.items():
        assert answer.charge_cents == sent[number].charge_cents
        if answer.lines:
            assert [line.control_number for line in answer.lines] == [
                line.control_number for line in sent[number].lines
            ]


def test_each_payment_comes_to_the_bank_under_its_trace_number(tmp_path: Path) -> None:
    for number in range(1, 9):
        submit(tmp_path, number)
    desk, _ = _desk(tmp_path, HARSH, "plb=0.5")
    desk.work(now=0.0)
    files = inbound_files(tmp_path)
    paid: set[tuple[str, int]] = set()
    for name, content in files.items():
        if name.endswith(".835"):
            header = next(read_835(io.BytesIO(content)))
            assert isinstance(header, RemittanceHeader)
            if header.payment_cents:
                paid.add((header.trace_number, header.payment_cents))
    came = [
        deposit
        for name, content in files.items()
        if name.endswith(".ach")
        for deposit in read_deposits(io.BytesIO(content), uuid4())
    ]
    assert {(deposit.trace_number, deposit.cents) for deposit in came} == paid
    assert paid


def test_denials_contract_and_patients_part_all_occur_and_are_understood(tmp_path: Path) -> None:
    for number in range(1, 9):
        submit(tmp_path, number)
    desk, _ = _desk(tmp_path, HARSH)
    desk.work(now=0.0)
    kinds: set[str] = set()
    whole, partly, without_lines = 0, 0, 0
    for name, content in inbound_files(tmp_path).items():
        if not name.endswith(".835"):
            continue
        for answer in _remitted(content)[0]:
            every = [*answer.adjustments, *(a for li in answer.lines for a in li.adjustments)]
            found = {meaning_of(a.group, a.reason).kind for a in every}
            kinds |= found
            whole += answer.status == "4"
            without_lines += not answer.lines
            partly += answer.status == "1" and "denial" in found
            assert (answer.status == "4") == (found == {"denial"})
    assert kinds == {"contractual", "patient_responsibility", "denial"}
    assert whole
    assert partly
    assert without_lines


def test_what_is_allowed_lies_between_55_and_85_percent(tmp_path: Path) -> None:
    submit(tmp_path, 1)
    desk, _ = _desk(tmp_path)
    desk.work(now=0.0)
    for name, content in inbound_files(tmp_path).items():
        if name.endswith(".835"):
            for answer in _remitted(content)[0]:
                for line in answer.lines:
                    [off] = [a.cents for a in line.adjustments if a.group == "CO"]
                    assert 0.149 <= off / line.charge_cents <= 0.451


def test_the_same_submission_is_answered_with_the_same_bytes(tmp_path: Path) -> None:
    answers: list[Mapping[str, bytes]] = []
    for name in ("first", "second"):
        submit(tmp_path / name, 5)
        _desk(tmp_path / name, HARSH, "plb,duplicate-835")[0].work(now=0.0)
        answers.append(inbound_files(tmp_path / name))
    assert answers[0] == answers[1]
    submit(tmp_path / "other", 5)
    _desk(tmp_path / "other", replace(HARSH, seed=4))[0].work(now=0.0)
    assert inbound_files(tmp_path / "other") != answers[0]


def test_answers_come_at_the_pace_that_was_asked_for(tmp_path: Path) -> None:
    submit(tmp_path, 1, claim("C1"))
    written_at = 1_000.0
    os.utime(tmp_path / "practice-a/outbound/000000001.837", (written_at, written_at))
    desk, _ = _desk(tmp_path, pace=10.0)
    seen: list[list[str]] = []
    for now in (written_at, written_at + 9, written_at + 10, written_at + 29, written_at + 30):
        desk.work(now)
        seen.append([name.rpartition(".")[2] for name in inbound_files(tmp_path)])
    assert seen == [
        ["999"],
        ["999"],
        ["277", "999"],
        ["277", "999"],
        ["277", "835", "ach", "999"],
    ]
    assert desk.idle


def test_what_billing_has_posted_or_refused_is_not_sent_again(tmp_path: Path) -> None:
    content = submit(tmp_path, 1)
    desk, _ = _desk(tmp_path)
    desk.work(now=0.0)
    inbound = tmp_path / "practice-a" / "inbound"
    for index, name in enumerate(inbound_files(tmp_path)):
        target = inbound / ("posted" if index % 2 else "refused")
        target.mkdir(exist_ok=True)
        (inbound / name).rename(target / name)
    (inbound / "000000001-PAYER0.835.part").write_bytes(b"ISA")
    outbound = tmp_path / "practice-a" / "outbound"
    (outbound / "000000001.837").write_bytes(content)
    (outbound / "renamed.837").write_bytes(content)
    again, said = _desk(tmp_path)
    again.work(now=0.0)
    assert [path.name for path in inbound.iterdir() if path.is_file()] == []
    assert not any("delivered" in line for line in said)


@pytest.mark.parametrize("spoil", [lambda _: b"hello", lambda content: content[:500]])  # pyright: ignore[reportUnknownLambdaType]
def test_a_file_that_cannot_be_read_is_named_and_the_next_goes_on(
    tmp_path: Path, spoil: Callable[[bytes], bytes]
) -> None:
    content = submit(tmp_path, 1)
    path = tmp_path / "practice-a/outbound/000000001.837"
    path.write_bytes(spoil(content))
    submit(tmp_path, 2)
    desk, said = _desk(tmp_path)
    desk.work(now=0.0)
    assert [line for line in said if "cannot be read" in line]
    assert {name[:9] for name in inbound_files(tmp_path)} == {"000000002"}


def test_a_false_segment_count_is_rejected_by_the_999_and_goes_no_further(
    tmp_path: Path,
) -> None:
    content = submit(tmp_path, 1, claim("C1", lines=1))
    path = tmp_path / "practice-a/outbound/000000001.837"
    path.write_bytes(content.replace(b"SE*26*", b"SE*27*"))
    _desk(tmp_path)[0].work(now=0.0)
    [(name, answer)] = inbound_files(tmp_path).items()
    assert name == "000000001.999"
    [group] = read_999(io.BytesIO(answer))
    assert (group.verdict, group.transactions[0].codes) == ("rejected", ("4",))


def test_each_fault_happens_when_it_is_asked_for(tmp_path: Path) -> None:
    submit(tmp_path, 1, claim("C1"))
    _desk(tmp_path, KIND, "duplicate-835,unbalanced-835,garbage,plb")[0].work(now=0.0)
    files = inbound_files(tmp_path)
    right = files["000000001-PAYER1.835"]
    _, trailer = _remitted(right)
    assert trailer.balanced
    assert trailer.provider_adjustment_cents < 0
    assert files["000000001-PAYER1-again.835"] == right
    _, trailer = _remitted(files["000000001-PAYER1-unbalanced.835"])
    assert [finding.level for finding in trailer.unbalanced] == ["transaction"]
    with pytest.raises(X12Error, match="not-x12"):
        list(read_835(io.BytesIO(files["000000001-PAYER1-garbage.835"])))
    submit(tmp_path / "rejected", 1, claim("C1"))
    _desk(tmp_path / "rejected", KIND, "reject-999")[0].work(now=0.0)
    assert list(inbound_files(tmp_path / "rejected")) == ["000000001.999"]


def test_a_claim_that_was_sent_again_is_told_of_as_it_was_decided(tmp_path: Path) -> None:
    submit(tmp_path, 1, claim("C1"))
    desk, _ = _desk(tmp_path)
    desk.work(now=0.0)
    [answer] = read_277ca(io.BytesIO(inbound_files(tmp_path)["000000001-PAYER1.277"]))
    number = answer.claims[0].payer_claim_control_number
    again = replace(claim("C1"), frequency="7", payer_claim_control_number=number)
    submit(tmp_path, 2, again)
    ask_after(tmp_path, 3, again)
    desk.work(now=0.0)
    files = inbound_files(tmp_path)
    _, decided = _remitted(files["000000002-PAYER1.835"])[0]
    [told] = read_277(io.BytesIO(files["000000003-status.277"]))
    assert told.statuses[0].category == "F1"
    assert told.statuses[0].paid_cents == decided.paid_cents


def test_a_fault_that_does_not_exist_is_named() -> None:
    with pytest.raises(ValueError, match="no fault is named fire"):
        parse_faults("plb=0.5,fire")
