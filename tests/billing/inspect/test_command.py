"""`mainstay x12 inspect`, as a biller runs it: offline, one file or several."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from libs.cli.app import app
from tests.billing.inspect.test_samples import X12
from tests.billing.remittance import Line, Said, paid, payment

TA1 = (
    "ISA*00*          *00*          *ZZ*PAYER          *ZZ*MAINSTAY       *250304*0930*^*00501"
    "*000000007*0*T*:~TA1*000000041*250303*0900*R*024~IEA*0*000000007~"
)


def mainstay(*arguments: str | Path) -> Result:
    environment: dict[str, str | None] = {"COLUMNS": "200", "MAINSTAY_PLATFORM": "/nowhere"}
    return CliRunner().invoke(app, ["x12", "inspect", *map(str, arguments)], env=environment)


def inspected(*arguments: str | Path, code: int = 0) -> Any:
    result = mainstay(*arguments, "--json")
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def write(folder: Path, content: str | bytes, name: str = "one.835") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_an_835_is_told_in_the_shape_that_others_read(tmp_path: Path) -> None:
    file = write(tmp_path, payment(paid("C1"), plb=[("L6", -150)]))
    assert inspected(file) == {
        "file": str(file),
        "transactions": [
            {
                "set": "835",
                "version": "005010X221A1",
                "control_number": "0001",
                "sender": "PAYER",
                "receiver": "MAINSTAY",
                "payer": "BUCKEYE MUTUAL",
                "payee": "OLENTANGY FAMILY MEDICINE",
                "trace_number": "TRACE1",
                "payment_cents": 10_200,
                "claims": 1,
                "service_lines": 0,
                "charged_cents": 17_800,
                "paid_cents": 10_050,
                "adjusted_cents": 7_750,
                "patient_cents": 2_000,
                "provider_adjustment_cents": -150,
                "balanced": True,
                "problems": [],
            }
        ],
        "problems": [],
    }


def test_what_does_not_come_out_names_the_claim_the_segment_and_what_was_expected(
    tmp_path: Path,
) -> None:
    line = Line(10_000, 6_000, [("CO", "45", 3_000)])
    file = write(tmp_path, payment(Said("C1", 10_000, 6_000, lines=[line]), paid("C2"), skew=1))
    [one] = inspected(file, code=1)["transactions"]
    assert not one["balanced"]
    assert [(p["segment"], p["element"], p["claim"], p["message"]) for p in one["problems"]] == [
        (4, "BPR02", None, "The payment is $160.51; its claims less the provider's adjustments "
         "(PLB) come to $160.50."),
        (10, "CLP04", "C1", "Charge less payment of this claim is $40.00; its adjustments (CAS) "
         "come to $30.00."),
        (12, "SVC03", "C1", "Charge less payment of this service line is $40.00; its adjustments "
         "(CAS) come to $30.00."),
    ]  # fmt: skip


def test_every_problem_is_told_not_only_the_first(tmp_path: Path) -> None:
    spoilt = (
        payment(paid("C1"), paid("C2")).replace(b"*100.50*", b"*1E2*").replace(b"PR*2", b"XX*2")
    )
    [one] = inspected(write(tmp_path, spoilt), code=1)["transactions"]
    told = [(p["element"], p["claim"]) for p in one["problems"]]
    for claim in ("C1", "C2"):
        assert ("CLP04", claim) in told
        assert ("CAS01", claim) in told


def test_an_interchange_that_is_only_an_answer_is_read(tmp_path: Path) -> None:
    [one] = inspected(write(tmp_path, TA1))["transactions"]
    assert (one["set"], one["control_number"], one["version"]) == ("TA1", "000000041", "00501")


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        ("", 2, "The file is empty."),
        ("<html>502 Bad Gateway</html>", 2, "No ISA segment where one must begin."),
        (TA1.replace("*R*024", "*Q*024"), 1, "TA104 is not A, E or R."),
        (TA1.replace("TA1*000000041*250303*0900*R*024~", ""), 2, "The file holds no transaction."),
    ],
)
def test_a_file_that_is_no_use_says_why(tmp_path: Path, content: str, code: int, said: str) -> None:
    found = inspected(write(tmp_path, content), code=code)
    every = [p for one in found["transactions"] for p in one["problems"]] + found["problems"]
    assert [p["message"].split(" Ask")[0] for p in every] == [said]


@pytest.mark.parametrize("version", ["004010X091A1", "005010X221", "005010X999A1"])
def test_a_version_that_is_not_in_force_is_held(tmp_path: Path, version: str) -> None:
    content = payment(paid("C1")).replace(b"005010X221A1", version.encode())
    [one] = inspected(write(tmp_path, content), code=1)["transactions"]
    assert (one["set"], one["version"]) == ("835", version)
    assert [p["element"] for p in one["problems"]] == ["GS08"]


def test_of_several_files_all_are_told_and_the_worst_counts(tmp_path: Path) -> None:
    clean = X12 / "lfh-demo.835"
    held = X12 / "imsweb-x12_no_errors.txt"
    assert [one["file"] for one in inspected(clean, held, code=1)] == [str(clean), str(held)]
    missing = tmp_path / "missing.835"
    result = mainstay(clean, missing, held, "--json")
    assert result.exit_code == 2
    assert len(json.loads(result.stdout)) == 2
    assert f"{missing}: No such file or directory" in result.stderr
    assert mainstay(clean).exit_code == 0


def test_a_person_reads_verdict_figures_and_problems() -> None:
    shown = mainstay(X12 / "lfh-demo.835", X12 / "imsweb-x12_segments_out_of_order.txt").output
    for said in ("clean", "held", "charged $226,366.97", "payment $150,000.00", "balanced",
                 "N4 comes after REF*EI/SY", "A37YH556"):  # fmt: skip
        assert said in shown
    assert "DOE" not in shown
