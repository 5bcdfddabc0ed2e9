"""Code lists and NCCI tables come as files: whole, once, dated, and taken back where wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from typing import Any
from uuid import uuid4, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.events.contracts.billing_holds import ClaimHeld
from libs.events.examples.interop import NAMESPACE, encounter_posted, line
from services.billing.scrub.code_files import (
    CodeEntry,
    CodeFile,
    CodeFileError,
    Entry,
    Kind,
    PairEntry,
)
from tests.billing.desk import Desk, visit
from tests.billing.scrub.code_sets import PAIRS, UNITS, answer, load

SET = uuid5(NAMESPACE, "code set")


def entries(kind: Kind, content: bytes, *, at: int = 1 << 16) -> list[Entry]:
    file = CodeFile(kind)

    def read() -> Iterator[Entry]:
        for start in range(0, len(content), at):
            yield from file.feed(content[start : start + at])
        yield from file.end()

    return list(read())


def test_cms_own_layouts_are_read() -> None:
    assert entries("ncci-pairs", PAIRS.encode()) == [
        PairEntry("G0439", "G0444", date(2024, 1, 1), None, 0),
        PairEntry("G0438", "G0442", date(1996, 1, 1), date(2010, 12, 31), 1),
    ]
    assert entries("ncci-units", UNITS.encode()) == [
        CodeEntry("G0439", most_units=1, adjudication=2),
        CodeEntry("G0447", most_units=2, adjudication=3),
    ]
    as_csv = PAIRS.replace("\t", ",").encode("utf-8-sig")
    assert entries("ncci-pairs", as_csv) == entries("ncci-pairs", PAIRS.encode())


def test_a_practices_own_lists_are_read() -> None:
    assert entries("procedures", b"code,first,last\nG0439\nG0444,2026-01-01,2026-06-30\n") == [
        CodeEntry("G0439"),
        CodeEntry("G0444", date(2026, 1, 1), date(2026, 6, 30)),
    ]
    assert entries("icd-10-cm", b"E11.9,20251001,*\nI10") == [
        CodeEntry("E119", date(2025, 10, 1)),
        CodeEntry("I10"),
    ]


@pytest.mark.parametrize("at", [1, 2, 7, 64])
def test_where_the_bytes_are_cut_does_not_matter(at: int) -> None:
    files: tuple[tuple[Kind, str], ...] = (("ncci-pairs", PAIRS), ("ncci-units", UNITS))
    for kind, content in files:
        assert entries(kind, content.encode(), at=at) == entries(kind, content.encode())


@pytest.mark.parametrize(
    ("kind", "content", "message"),
    [
        ("ncci-pairs", PAIRS.replace("20240101", "2024"), "line 4: days are"),
        (
            "ncci-pairs",
            PAIRS + "G0439\tG0442\t\t20240101\t*\t7\t\n",
            "line 6: a modifier indicator",
        ),
        ("ncci-pairs", PAIRS + "G0439\tG0442\t\t20240231\t*\t1\t\n", "line 6: days"),
        ("ncci-pairs", PAIRS + "G0439\tG0442\n", "line 6: seven columns"),
        ("ncci-units", UNITS + "G0438,x,1,\n", "line 7: units"),
        ("ncci-units", UNITS + "G0438,1,4,\n", "line 7: units"),
        ("ncci-units", "nothing\nat all\n", "at least one entry"),
        ("procedures", "", "at least one entry"),
        ("procedures", "G0439\nG04\n", "line 2: a code is expected"),
        ("procedures", "G0439\n" + "G" * 10_001, "at most 10000 characters"),
        ("icd-10-cm", "E11.9\nG0439XXXX\n", "line 2: a code is expected"),
    ],
)
def test_a_line_that_cannot_be_read_refuses_the_file(
    kind: Kind, content: str, message: str
) -> None:
    with pytest.raises(CodeFileError, match=message):
        entries(kind, content.encode())


@given(st.sampled_from(["icd-10-cm", "procedures", "ncci-pairs", "ncci-units"]), st.binary())
def test_any_bytes_are_read_or_refused(kind: Kind, content: bytes) -> None:
    with suppress(CodeFileError):
        entries(kind, b"G0439\n" + content)


async def test_the_same_file_again_is_the_same_and_any_other_is_a_conflict(desk: Desk) -> None:
    assert await answer(desk, "ncci-pairs", PAIRS, code_set_id=SET) == (
        201, f'{{"code_set_id":"{SET}","entries":2}}',
    )  # fmt: skip
    assert (await answer(desk, "ncci-pairs", PAIRS, code_set_id=SET))[0] == 201
    changed = PAIRS.replace("G0442", "G0447")
    assert (await answer(desk, "ncci-pairs", changed, code_set_id=SET))[0] == 409
    assert (await answer(desk, "ncci-pairs", PAIRS, code_set_id=SET, edition="other"))[0] == 409
    assert (await answer(desk, "ncci-pairs", PAIRS, code_set_id=uuid4()))[0] == 409
    assert (await answer(desk, "ncci-pairs", PAIRS, code_set_id=uuid4(), part=2))[0] == 201


async def test_a_refused_file_leaves_nothing(desk: Desk) -> None:
    many = "".join(f"G{number:04d}\n" for number in range(9_999)) * 3
    status, text = await answer(desk, "procedures", f"{many}wrong\n", code_set_id=SET)
    assert status == 422
    assert "line 29998: a code is expected" in text
    assert await desk.fetch("SELECT FROM code_set_code") == []
    await load(desk, "procedures", many, code_set_id=SET)
    assert await desk.fetch("SELECT count(*) FROM code_set_code") == [{"count": 9_999}]


@pytest.mark.parametrize(
    "query",
    [
        {"kind": "cpt"},
        {"effective_on": "2026-02-30"},
        {"ends_on": "2026-01-01"},
        {"part": 0},
        {"edition": ""},
    ],
)
async def test_a_set_that_is_not_described_is_refused(desk: Desk, query: dict[str, Any]) -> None:
    told: dict[str, Any] = {"kind": "procedures", "content": "G0439\n", **query}
    assert (await answer(desk, **told))[0] == 422


async def test_a_pair_that_never_was_hides_none_that_is_in_force(desk: Desk) -> None:
    """As CMS lists 1996's: deleted on its first day in one row, in force in the next."""
    never = "G0439\tG0444\t\t19960101\t19960101\t9\tStandards of medical / surgical practice\r\n"
    still = "G0439\tG0444\t*\t19960101\t*\t0\tStandards of medical / surgical practice\r\n"
    assert entries("ncci-pairs", (never + still).encode()) == [
        PairEntry("G0439", "G0444", date(1996, 1, 1), None, 0)
    ]
    await load(desk, "ncci-pairs", never + still)
    await desk.billing.receive(encounter_posted(lines=(line(), SECOND)))
    assert [one.edits for one in await desk.billing.published(ClaimHeld)] == [("ncci-pairs",)]


async def test_a_pair_is_in_force_through_its_deletion_date(desk: Desk) -> None:
    await load(desk, "ncci-pairs", PAIRS.replace("20240101\t*", "20240101\t20260228"))
    both = (line(), SECOND)
    await desk.billing.receive(
        visit(1, service_on=date(2026, 2, 28), lines=both),
        visit(2, service_on=date(2026, 3, 1), lines=both),
    )
    assert await desk.states() == ["held", "ready"]


SECOND = line(line_number=2, procedure_code="G0444")


async def test_the_edition_of_the_day_judges(desk: Desk) -> None:
    await load(desk, "procedures", "G0439\n", effective_on="2026-02-01", ends_on="2026-03-01")
    await desk.billing.receive(
        visit(1, service_on=date(2026, 1, 31), lines=OTHER),
        visit(2, service_on=date(2026, 2, 1), lines=OTHER),
        visit(3, service_on=date(2026, 2, 28), lines=OTHER),
        visit(4, service_on=date(2026, 3, 1), lines=OTHER),
        visit(5, service_on=date(2026, 2, 1)),
    )
    assert await desk.states() == ["ready", "held", "held", "ready", "ready"]


OTHER = (line(procedure_code="G0444"),)


async def test_a_code_counts_in_its_own_days(desk: Desk) -> None:
    await load(desk, "procedures", "G0439,2026-02-01,2026-02-28\n")
    await desk.billing.receive(
        visit(1, service_on=date(2026, 1, 31)),
        visit(2, service_on=date(2026, 2, 1)),
        visit(3, service_on=date(2026, 2, 28)),
        visit(4, service_on=date(2026, 3, 1)),
    )
    assert await desk.states() == ["held", "ready", "ready", "held"]


async def test_a_set_that_should_not_have_been_loaded_is_taken_back(desk: Desk) -> None:
    await load(desk, "procedures", "G0444\n", code_set_id=SET)
    await desk.billing.receive(encounter_posted())
    assert [one.edits for one in await desk.billing.published(ClaimHeld)] == [("procedure-code",)]
    async with desk.billing.http(desk.practice_id) as client:
        [shown] = (await client.get("/code-sets")).json()
        assert (await client.delete(f"/code-sets/{SET}")).status_code == 204
        assert (await client.delete(f"/code-sets/{SET}")).status_code == 204
        assert (await client.get("/code-sets")).json() == []
    assert (shown["kind"], shown["entries"], shown["loaded_by"]) == ("procedures", 1, "operator")
    assert await desk.states() == ["ready"]


async def test_a_practices_own_diagnoses_take_the_place_of_those_that_come_along(
    desk: Desk,
) -> None:
    await load(desk, "icd-10-cm", "Z00.00\nE11.9\n")
    await desk.billing.receive(
        visit(1), visit(2, diagnoses=("E11.9",)), visit(3, diagnoses=("I10",))
    )
    assert await desk.states() == ["ready", "ready", "held"]


async def test_units_of_the_day_are_counted_over_the_patients_claims(desk: Desk) -> None:
    await load(desk, "ncci-units", UNITS)
    apart = (line(modifiers=("XE",)),)
    await desk.billing.receive(encounter_posted(), encounter_posted(encounter_id=SET, lines=apart))
    assert [one.edits for one in await desk.billing.published(ClaimHeld)] == [("mue-policy",)]
