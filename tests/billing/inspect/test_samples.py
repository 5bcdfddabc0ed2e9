"""Files that nobody here wrote have the verdicts that were worked out from them by hand."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from pyx12.errors import EngineError
from pyx12.params import ParamsBase
from pyx12.x12n_document import x12n_document

from services.billing.inspect.inspect import inspect
from services.billing.inspect.model import CLEAN, HELD, UNREADABLE, InspectedFile

SAMPLES = Path(__file__).parents[3] / "samples"
X12 = SAMPLES / "x12"
VERDICTS: list[dict[str, Any]] = json.loads((SAMPLES / "verdicts" / "x12.json").read_text())
CODES = {"clean": CLEAN, "held": HELD, "unreadable": UNREADABLE}
BY_NAME = pytest.mark.parametrize("said", VERDICTS, ids=lambda said: str(said["file"]))


def inspected(name: str, content: bytes | None = None) -> InspectedFile:
    content = (X12 / name).read_bytes() if content is None else content
    return inspect(name, io.BytesIO(content))


def reasons(found: InspectedFile) -> list[tuple[int, str | None, str | None]]:
    every = [p for one in found.transactions for p in one.problems] + list(found.problems)
    return [(p.segment, p.element, p.claim) for p in every]


def test_every_sample_has_a_verdict() -> None:
    assert {said["file"] for said in VERDICTS} == {
        path.name for path in X12.iterdir() if path.suffix != ".md"
    }


@BY_NAME
def test_a_sample_gets_its_verdict_its_totals_and_its_reasons(said: dict[str, Any]) -> None:
    found = inspected(said["file"])
    assert found.verdict == CODES[said["verdict"]]
    totals = [one.model_dump(mode="json", exclude={"sender", "receiver", "problems"})
              for one in found.transactions]  # fmt: skip
    assert totals == said["transactions"]
    expected = [(r["segment"], r["element"], r["claim"]) for r in said["reasons"]]
    if said.get("and_more"):
        assert set(expected) <= set(reasons(found))
        assert len(reasons(found)) > len(expected)
    else:
        assert sorted(reasons(found), key=str) == sorted(expected, key=str)


@BY_NAME
def test_no_verdict_says_anything_of_a_patient(said: dict[str, Any]) -> None:
    told = inspected(said["file"]).model_dump_json()
    for name in ("JONES", "BORDER", "SMITH", "DOE", "MANN", "TPATIENT", "CLILNAME", "123456789A",
                 "JS00111223333", "19430519"):  # fmt: skip
        assert name not in told


@BY_NAME
def test_what_pyx12_says_of_it_is_noted(said: dict[str, Any]) -> None:
    text = io.StringIO((X12 / said["file"]).read_text("latin-1"))
    try:
        answer = "accepts" if x12n_document(ParamsBase(), text, None, None) else "refuses"
    except EngineError:
        answer = "cannot say"
    assert answer == said["pyx12"]


@pytest.mark.parametrize("name", [said["file"] for said in VERDICTS if said["verdict"] == "clean"])
@pytest.mark.parametrize("change", ["dropped", "doubled", "cut"])
def test_a_clean_sample_is_held_once_a_segment_is_dropped_doubled_or_cut(
    name: str, change: str
) -> None:
    content = (X12 / name).read_bytes()
    segments = content.rstrip(b"\r\n").split(b"~")[:-1]
    for at in range(1, len(segments)):
        changed = {
            "dropped": [*segments[:at], *segments[at + 1 :]],
            "doubled": [*segments[: at + 1], *segments[at:]],
            "cut": segments[:at],
        }[change]
        content = b"".join(segment + b"~" for segment in changed)
        assert inspected(name, content).verdict != CLEAN, (name, change, at)


def test_each_amount_of_the_835_holds_it_when_it_is_another() -> None:
    content = (X12 / "lfh-demo.835").read_bytes()
    for amount in (b"*150000.00", b"*211366.97*138", b"*138018.40**MA", b"*73348.57~\nNM1",
                   b"*15000.00*11", b"*11980.33**MB", b"*3019.67~\nNM1", b"*-1.27"):  # fmt: skip
        head = amount.split(b".")[0]
        changed = content.replace(amount, amount.replace(head, head[:-1] + b"7", 1))
        found = inspected("x", changed)
        assert changed != content
        assert (found.verdict, found.transactions[0].balanced) == (HELD, False), amount
