"""A document shows its data and does nothing of what the data says."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from services.billing.documents.render import DocumentError, render_pdf
from services.billing.money import dollars
from tests.billing.documents.pdf import open_pdf, text_of

HERE = Path(__file__).parent
NOTE = HERE / "templates" / "note.typ"
BILLING = HERE.parents[2] / "services" / "billing"
AT = datetime(2026, 3, 2, 12, tzinfo=UTC)


def note(body: str, title: str = "A note") -> bytes:
    return render_pdf(NOTE, {"title": title, "body": body}, AT)


@pytest.mark.parametrize(
    "body",
    [
        '#read("/etc/passwd")',
        '"); #panic("carried out")',
        '#eval("1 + 1")',
        "$ 1/2 $ = *bold* _slanted_ <label> @reference // no comment",
        r"\u{41} \ {{body}} ${body} %s",
        '#import "@preview/cetz:0.3.0"',
    ],
)
def test_what_looks_like_code_is_text(body: str) -> None:
    assert body in text_of(note(body, title=body))


def test_it_is_tagged_and_says_that_it_is_accessible() -> None:
    read = open_pdf(note("Good day"))
    root: Any = read.trailer["/Root"].get_object()
    assert root["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in root
    assert root["/Lang"] == "en"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert b"pdfuaid" in root["/Metadata"].get_object().get_data()
    assert read.metadata is not None
    assert read.metadata.title == "A note"


def test_the_same_at_the_same_instant_is_the_same_to_the_byte() -> None:
    assert note("Good day") == note("Good day")
    assert note("Good day") != note("Good evening")
    assert open_pdf(note("Good day")).metadata is not None
    metadata = open_pdf(note("Good day")).metadata
    assert metadata is not None
    assert metadata.creation_date == AT


def test_names_of_europe_are_shown_and_other_characters_leave_a_mark() -> None:
    assert "Zoë Łukasz Nguyễn Ωμέγα Иван" in text_of(note("Zoë Łukasz Nguyễn Ωμέγα Иван"))
    assert "Jose\u0301".encode() not in text_of(note("Jose\u0301")).encode()
    assert "José" in text_of(note("Jose\u0301"))
    assert "?? a b" in text_of(note("王明 a\u202e \u0001b"))


def test_every_character_that_is_let_through_has_a_glyph() -> None:
    ranges = [(0x20, 0x500), (0x1E00, 0x1F00), (0x2010, 0x2028), (0x20AC, 0x20AD)]
    every = [chr(code) for first, end in ranges for code in range(first, end)]
    shown = [c for c in every if unicodedata.category(c)[0] != "C"]
    assert note(" ".join(shown))
    assert note("".join(shown))


@pytest.mark.parametrize("body", ["مرحبا بالعالم", "שלום", "😀", "\ufdd0\u0600", "\U0010ffff"])
def test_no_character_stops_a_document(body: str) -> None:
    assert note(body)


def test_a_template_sees_only_its_own_folder(tmp_path: Path) -> None:
    folder = tmp_path / "templates"
    folder.mkdir()
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "t.typ").write_text('#set document(title: "t")\n#read("../secret.txt")')
    with pytest.raises(DocumentError):
        render_pdf(folder / "t.typ", {}, AT)


def test_an_error_says_nothing_of_the_data() -> None:
    with pytest.raises(DocumentError) as refused:
        render_pdf(NOTE, {"title": "JANE DOE"}, AT)  # no body
    assert "JANE" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_no_template_fetches_a_package_or_carries_out_its_data() -> None:
    for template in BILLING.rglob("*.typ"):
        assert not re.search(r"@preview|@local|\beval\(", template.read_text()), template


def test_amounts_read_as_dollars() -> None:
    assert [dollars(cents) for cents in (5, 123_450, -99)] == ["$0.05", "$1,234.50", "-$0.99"]
