"""The catalogue as a whole: it judges anything a visit may say, and is printed as it is."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from libs.events.contracts.values import Npi
from services.billing.scrub import catalogue, causes
from services.billing.scrub.catalogue import RULES, scrub, table
from services.billing.scrub.editions import packaged
from services.billing.scrub.model import ClaimFacts, CodeList, Line, Pair, UnitLimit
from services.billing.scrub.rules.identifiers import is_npi
from tests.billing.scrub.facts import facts

PAGE = Path(catalogue.__file__).with_name("README.md")
CODES = ("G0463", "G2211", "99213", "11102", "71045", "0001A")
DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))
NPIS = st.from_regex(r"[12][0-9]{9}", fullmatch=True)
MODIFIERS = st.sampled_from(("25", "26", "TC", "50", "59", "XE", "LT", "RT", "76", "KX"))
LINES = st.builds(
    Line,
    number=st.integers(1, 50),
    procedure=st.sampled_from(CODES) | st.from_regex(r"[A-Z0-9]{5}", fullmatch=True),
    modifiers=st.lists(MODIFIERS, max_size=4).map(tuple),
    units=st.integers(1, 999),
    pointers=st.lists(st.integers(-5, 20), min_size=1, max_size=4).map(tuple),
    charge_cents=st.integers(0, 10**12),
)
DIAGNOSES = st.from_regex(r"[A-Z][0-9][0-9A-Z]([0-9A-Z]{1,4})?", fullmatch=True) | st.sampled_from(
    ("I10", "Z0000", "Z00129", "O0900", "P0716", "N400", "E11", "W19XXXA")
)
PAIRS = st.builds(
    Pair,
    column1=st.sampled_from(CODES),
    column2=st.sampled_from(CODES),
    effective_on=DAYS,
    deleted_on=st.none() | DAYS,
    modifier_indicator=st.sampled_from((0, 1, 9)),
)
LIMITS = st.builds(UnitLimit, units=st.integers(0, 99), adjudication=st.sampled_from((1, 2, 3)))
LISTS = st.builds(
    CodeList,
    edition=st.just("2026"),
    judges=st.booleans(),
    valid=st.frozensets(st.sampled_from(("I10", *CODES))),
)
FACTS = st.builds(
    ClaimFacts,
    as_of=DAYS,
    service_on=DAYS,
    place_of_service=st.from_regex(r"[0-9]{2}", fullmatch=True),
    diagnoses=st.lists(DIAGNOSES, min_size=1, max_size=12).map(tuple),
    lines=st.lists(LINES, min_size=1, max_size=8).map(tuple),
    born_on=st.dates(date(1850, 1, 1), date(2099, 12, 31)),
    sex=st.sampled_from(("F", "M", "U")),
    billing_npi=st.none() | NPIS,
    rendering_npi=NPIS,
    referring_npi=st.none() | NPIS,
    has_authorization=st.booleans(),
    coverage=st.sampled_from(("active", "inactive", "unknown")),
    filing_deadline=st.none() | DAYS,
    authorization_codes=st.frozensets(st.sampled_from(CODES)),
    diagnosis_list=LISTS | st.just(packaged().on(date(2026, 5, 4))),
    procedure_list=st.none() | LISTS,
    pairs=st.lists(PAIRS, max_size=6).map(tuple),
    unit_limits=st.none() | st.dictionaries(st.sampled_from(CODES), LIMITS),
    same_day=st.lists(LINES, max_size=4).map(tuple),
)


@settings(max_examples=1000, deadline=None)
@given(FACTS)
def test_anything_that_a_visit_may_say_is_judged_and_nothing_about_the_patient_is_repeated(
    of: ClaimFacts,
) -> None:
    by_id = {rule.rule_id: rule for rule in RULES}
    numbers = {0, *(line.number for line in of.lines)}
    edits = scrub(of)
    for edit in edits:
        assert edit.line_number in numbers
        assert edit.severity == "warning" or by_id[edit.rule_id].severity == "error"
        assert edit.place
        assert len(edit.explanation) > 20
        assert str(of.born_on) not in edit.explanation
        assert not any(len(code) > 3 and code in edit.explanation for code in of.diagnoses)
    assert edits == scrub(of)


@given(st.from_regex(r"[0-9]{10}", fullmatch=True) | st.text(max_size=12))
def test_an_npi_is_told_as_the_contracts_tell_it(number: str) -> None:
    try:
        TypeAdapter(Npi).validate_python(number)
    except ValidationError:
        assert not is_npi(number)
    else:
        assert is_npi(number)


def test_the_packaged_edition_has_what_is_billable_and_what_is_not() -> None:
    edition = packaged()
    assert (edition.first_on, edition.ends_on) == (date(2026, 4, 1), date(2026, 10, 1))
    assert len(edition.billable) == 74_719
    assert {"I10", "E119", "W19XXXA", "Z3A20"} <= edition.billable
    assert {"E11", "Z3A", "W19XXX"} <= edition.categories
    assert edition.billable.isdisjoint(edition.categories)


def test_the_page_prints_the_catalogue() -> None:
    assert table() in PAGE.read_text(), "python -m services.billing.scrub.catalogue writes it"


def test_ids_are_unique_and_every_rule_names_its_authority() -> None:
    assert len({rule.rule_id for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.title
        assert rule.authority
        assert rule.severity == "error" or not rule.overridable, "a warning stops nobody"


@pytest.mark.parametrize(
    ("carc", "rarc", "rule_id"),
    [
        ("197", (), "authorization-missing"),
        ("18", ("N30",), "duplicate-claim"),
        ("16", ("N257",), "npi-check-digit"),
        ("16", ("N706", "M76"), "diagnosis-code"),
        ("151", ("N362",), "mue-clinical"),
        ("29", ("M76",), "timely-filing"),
        ("16", (), None),
        ("45", (), None),
        ("XX", ("YY",), None),
    ],
)
def test_a_denial_leads_to_the_rule_that_could_have_caught_it(
    carc: str, rarc: tuple[str, ...], rule_id: str | None
) -> None:
    assert causes.rule_for(carc, rarc) == rule_id


def test_causes_name_rules_that_are_there() -> None:
    named = {*causes.BY_REASON.values(), *causes.BY_REMARK.values()}
    assert named <= {rule.rule_id for rule in RULES}


def test_age_is_counted_by_birthdays() -> None:
    ages: dict[date, int] = {
        date(2026, 5, 3): 41,
        date(2026, 5, 4): 42,
        date(1984, 5, 3): -1,
    }
    for on, years in ages.items():
        assert facts(service_on=on).age == years
