"""Files that nobody here wrote, with the figures that were worked out by hand."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from services.billing.x12 import (
    ProviderAdjustment,
    RemittanceHeader,
    RemittanceTrailer,
    RemittedClaim,
    TransactionName,
    X12Error,
    identify,
    read_277ca,
    read_835,
    read_999,
)
from services.billing.x12.segments import Segments

SAMPLES = Path(__file__).parents[3] / "samples" / "x12"


def test_the_institutional_835_comes_out_to_the_cent() -> None:
    with (SAMPLES / "lfh-demo.835").open("rb") as stream:
        header, first, second, provider, trailer = read_835(stream)
    assert isinstance(header, RemittanceHeader)
    assert (header.payment_cents, header.trace_number) == (15_000_000, "12345")
    assert (header.payer_id, header.payee_npi) == ("999", "6543210903")
    assert header.paid_on == date(2002, 9, 13)
    assert isinstance(first, RemittedClaim)
    assert (first.control_number, first.paid_cents) == ("666123", 13_801_840)
    assert isinstance(second, RemittedClaim)
    assert second.remarks == ("MA02",)
    assert "JONES" not in repr(first)
    assert isinstance(provider, ProviderAdjustment)
    assert (provider.reason, provider.cents) == ("CV", -127)
    assert isinstance(trailer, RemittanceTrailer)
    assert trailer == RemittanceTrailer(
        claims=2,
        service_lines=0,
        charged_cents=22_636_697,
        paid_cents=14_999_873,
        adjusted_cents=7_636_824,
        patient_cents=0,
        provider_adjustment_cents=-127,
        unbalanced_count=0,
        unbalanced=(),
    )
    assert trailer.balanced


def test_a_rejected_999_names_the_segment() -> None:
    with (SAMPLES / "imsweb-x12_999_rejected.txt").open("rb") as stream:
        [group] = read_999(stream)
    assert (group.verdict, group.group_control, group.accepted) == ("rejected", "28", 0)
    [answer] = group.transactions
    assert (answer.control_number, answer.verdict, answer.codes) == ("0028", "rejected", ("5",))
    assert [(note.tag, note.position) for note in answer.segments] == [("NM", 17)]


def test_an_accepted_999_whose_envelope_is_wrong_is_held_unless_problems_are_collected() -> None:
    path = SAMPLES / "imsweb-x12_999_accepted.txt"
    with path.open("rb") as stream, pytest.raises(X12Error) as refused:
        read_999(stream)
    assert refused.value.code == "interchange-control-mismatch"
    problems: list[X12Error] = []
    with path.open("rb") as stream:
        [group] = read_999(stream, problems)
    assert (group.verdict, group.transactions[0].verdict) == ("accepted", "accepted")
    assert [problem.code for problem in problems] == ["interchange-control-mismatch"]


@pytest.mark.parametrize(
    ("outcome", "control_number", "verdict", "category", "code", "cents", "payer_number"),
    [
        ("accepted", "5781", "accepted", "A2", "20", 12_500, "1107000000014420"),
        ("rejected", "3920394930203", "rejected", "A7", "562", 19_914, "1107000000001120"),
    ],
)
def test_a_277ca_says_which_claim_was_taken_in(
    outcome: str,
    control_number: str,
    verdict: str,
    category: str,
    code: str,
    cents: int,
    payer_number: str,
) -> None:
    with (SAMPLES / f"imsweb-x12_277CA_{outcome}.txt").open("rb") as stream:
        [batch] = read_277ca(stream)
    [claim] = batch.claims
    assert (claim.control_number, claim.verdict) == (control_number, verdict)
    assert claim.payer_claim_control_number == payer_number
    [status] = claim.statuses
    assert (status.category, status.code, status.amount_cents) == (category, code, cents)
    assert "PATIENT" not in repr(batch)
    assert "CLILNAME" not in repr(batch)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("lfh-demo.835", "835"),
        ("imsweb-x12_999_rejected.txt", "999"),
        ("imsweb-x12_277CA_rejected.txt", "277CA"),
        ("imsweb-x12_valid_different_separators.txt", "837P"),
    ],
)
def test_a_file_is_known_by_its_envelope_and_left_where_it_was(
    name: str, kind: TransactionName
) -> None:
    with (SAMPLES / name).open("rb") as stream:
        assert identify(stream) == kind
        assert stream.tell() == 0


@pytest.mark.parametrize(
    ("name", "claims"),
    [
        ("imsweb-x12_valid.txt", 2),
        ("imsweb-x12_valid_different_separators.txt", 2),
        ("imsweb-x12_segments_out_of_order.txt", 2),
        ("imsweb-x12_no_errors.txt", 2),
        ("imsweb-x12_many_claims.txt", 820),
    ],
)
def test_an_837_with_a_false_segment_count_is_read_whole_and_the_count_is_reported(
    name: str, claims: int
) -> None:
    problems: list[X12Error] = []
    with (SAMPLES / name).open("rb") as stream:
        tags = [segment[0] for segment in Segments(stream, problems)]
    assert tags.count("CLM") == claims
    assert [problem.code for problem in problems] == ["segment-count"]


def test_other_separators_give_the_same_elements() -> None:
    def elements(name: str) -> list[str]:
        with (SAMPLES / name).open("rb") as stream:
            segments = Segments(stream, [])
            return [
                element.replace(segments.delimiters.component, ":")
                for segment in segments
                for element in segment
            ]

    usual = elements("imsweb-x12_valid.txt")
    assert elements("imsweb-x12_valid_different_separators.txt") == usual


def test_an_isa_of_105_characters_is_refused() -> None:
    path = SAMPLES / "imsweb-x12_bad_first_line.txt"
    with path.open("rb") as stream, pytest.raises(X12Error) as refused:
        identify(stream)
    assert (refused.value.code, refused.value.segment_number) == ("isa-length", 1)
