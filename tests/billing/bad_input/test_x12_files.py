"""Bad acknowledgements and status answers, and files made to cost: refused with a reason, in
bounded time and memory, and nothing moves. What is wrong with 835s stands in test_remittances.py.
"""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import pytest

from services.billing.inspect.inspect import inspect
from services.billing.inspect.model import HELD, UNREADABLE, InspectedFile
from services.billing.x12 import X12Error, identify, read_277, read_277ca, read_999, read_ta1
from services.billing.x12.segments import LONGEST_SEGMENT
from tests.billing.answers.test_answers_weighed import ta1
from tests.billing.desk import Desk
from tests.billing.inspect.test_law import Endless
from tests.billing.remittance import paid, payment

ISA = (
    "ISA*00*          *00*          *ZZ*PAYER          *ZZ*MAINSTAY       *260304*0930*^*00501"
    "*000000007*0*T*:~"
)
KINDS = {
    "999": ("FA", "005010X231A1", "999"),
    "277CA": ("HN", "005010X214", "277"),
    "277": ("HN", "005010X212", "277"),
}
BODIES: dict[str, Sequence[str]] = {
    "999": ("AK1*HC*1*005010X222A1", "AK2*837*0001*005010X222A1", "IK5*A", "AK9*A*1*1*1"),
    "277CA": (
        "BHT*0085*08*7*20260304*0930*TH", "HL*1**20*1", "NM1*PR*2*BUCKEYE*****PI*BUCKEYE01",
        "TRN*1*7", "DTP*050*D8*20260304", "DTP*009*D8*20260304", "HL*2*1*21*1",
        "NM1*41*2*OLENTANGY*****46*310000001", "TRN*2*1", "STC*A1:19:PR*20260304*WQ*178",
        "HL*3*2*19*1", "NM1*85*2*OLENTANGY*****XX*1999999992", "TRN*1*0", "STC*A1:19:PR**WQ*178",
        "HL*4*3*PT", "NM1*QC*1*DOE*JANE****MI*BM4471", "TRN*2*NUMBER", "STC*A2:20*20260304*WQ*178",
    ),
    "277": (
        "BHT*0010*08*7*20260304*0930*DG", "HL*1**20*1", "NM1*PR*2*BUCKEYE*****PI*BUCKEYE01",
        "HL*2*1*21*1", "NM1*41*2*OLENTANGY*****46*310000001", "HL*3*2*19*1",
        "NM1*1P*2*OLENTANGY*****XX*1999999992", "HL*4*3*22*0",
        "NM1*IL*1*DOE*JANE****MI*BM4471", "TRN*2*NUMBERQ1", "STC*P1:20*20260304**178",
    ),
}  # fmt: skip
READERS: dict[str, Callable[[io.BytesIO], object]] = {
    "999": read_999,
    "277CA": read_277ca,
    "277": read_277,
    "TA1": read_ta1,
}


def good(kind: str) -> str:
    """One file of a kind as it should be."""
    if kind == "TA1":
        return ta1("000000001", "R", "024").decode()
    functional, version, st = KINDS[kind]
    body = [f"ST*{st}*0001*{version}", *BODIES[kind]]
    rows = [
        f"GS*{functional}*PAYER*MAINSTAY*20260304*0930*7*X*{version}",
        *body,
        f"SE*{len(body) + 1}*0001",
        "GE*1*7",
        "IEA*1*000000007",
    ]
    return ISA + "".join(f"{row}~" for row in rows)


class Case(NamedTuple):
    """One text in place of another, and how the file is refused then."""

    name: str
    kinds: str
    old: str
    new: str
    code: str


EVERY, GROUPS = "999 277CA 277 TA1", "999 277CA 277"
CASES = [
    Case("an ISA that is too short", EVERY, "*00*          *00*", "*00*         *00*",
         "isa-length"),
    Case("another number in IEA", EVERY, "*000000007~", "*000000008~",
         "interchange-control-mismatch"),
    Case("a wrong count of sets", GROUPS, "GE*1*7", "GE*2*7", "transaction-count"),
    Case("a wrong count of segments", GROUPS, "SE*", "SE*1", "segment-count"),
    Case("another number in SE", GROUPS, "*0001~GE", "*0002~GE", "transaction-control-mismatch"),
    Case("delimiters alike", EVERY, "*T*:~", "*T*~~", "isa-delimiters"),
    Case("a letter as delimiter", EVERY, "*T*:~", "*T*A~", "isa-delimiters"),
    Case("the terminator within ISA", EVERY, "*PAYER   ", "*PAYER~  ", "isa-delimiters"),
    Case("a line that ends inside a segment", EVERY, "MAINSTAY       *2", "MAINSTAY       *\n2",
         "isa-length"),
    Case("a NUL", EVERY, "*0*T*", "*\0*T*", "control-character"),
    Case("a group separator that is none", GROUPS, "0930*7*X", "09\x1d0*7*X",
         "control-character"),
    Case("a letter that X12 does not have", GROUPS, "MAINSTAY*2026", "MAINST\xc4Y*2026",
         "control-character"),
    Case("a file that is cut in a segment", EVERY, "*000000007~", "", "truncated"),
    Case("nothing but an ISA", EVERY, "", "LONE", "truncated"),
    Case("names in lower case", "999", "AK1*", "ak1*", "unexpected-segment"),
    Case("names in lower case", "277CA 277", "STC*", "stc*", "unexpected-segment"),
    Case("version 004010", GROUPS, "*X*005010", "*X*004010", "unexpected-transaction"),
    Case("a guide without its addendum", "999", "*X*005010X231A1", "*X*005010X231",
         "unexpected-transaction"),
    Case("a verdict nobody knows", "TA1", "*R*024", "*Q*024", "bad-code"),
    Case("a verdict nobody knows", "999", "IK5*A", "IK5*Q", "bad-code"),
    Case("a set without a verdict", "999", "IK5*A~", "", "missing-segment"),
    Case("a status without a code", "277CA 277", "*DOE*JANE****MI*BM4471~TRN*2*NUMBER~STC*A2:20",
         "*DOE*JANE****MI*BM4471~TRN*2*NUMBER~STC*A2", "missing-element"),
    Case("a day that there is not", "277CA", "STC*A2:20*20260304", "STC*A2:20*20260230",
         "bad-date"),
    Case("a day that there is not", "277", "STC*P1:20*20260304", "STC*P1:20*20260230",
         "bad-date"),
    Case("three decimals", "277CA", "STC*A2:20*20260304*WQ*178", "STC*A2:20*20260304*WQ*178.000",
         "bad-amount"),
    Case("an exponent", "277", "STC*P1:20*20260304**178", "STC*P1:20*20260304**1E3",
         "bad-amount"),
]  # fmt: skip
EACH = [
    pytest.param(kind, case, id=f"{kind}: {case.name}")
    for case in CASES
    for kind in case.kinds.split()
    if case.old in good(kind)
]


def made(kind: str, case: Case) -> bytes:
    content = ISA if case.new == "LONE" else good(kind).replace(case.old, case.new, 1)
    return content.encode("latin-1")


@pytest.mark.parametrize("kind", [*KINDS, "TA1"])
def test_each_file_is_good_as_it_is(kind: str) -> None:
    assert identify(io.BytesIO(good(kind).encode())) == kind
    assert READERS[kind](io.BytesIO(good(kind).encode()))
    assert inspect("x", io.BytesIO(good(kind).encode())).verdict == 0


@pytest.mark.parametrize(("kind", "case"), EACH)
def test_what_is_wrong_with_an_answer_refuses_it_and_inspection_tells(
    kind: str, case: Case
) -> None:
    content = made(kind, case)
    with pytest.raises(X12Error) as refused:
        READERS[kind](io.BytesIO(content))
    assert refused.value.code == case.code
    assert inspect("x", io.BytesIO(content)).verdict in (HELD, UNREADABLE)


HEARD = [
    ("another count", "999", "SE*", "SE*1", "segment-count"),
    ("version 004010", "277CA", "*X*005010", "*X*004010", "unexpected-transaction"),
    ("cut", "277", "IEA*1*000000007~", "", "truncated"),
    ("a group that we never sent", "999", "AK1*HC*1*", "AK1*HC*999*", "unknown-interchange"),
    ("claims that are not ours", "277CA", "NUMBER", "STRANGER", "unknown-claims"),
    ("questions that we never asked", "277", "NUMBERQ1", "STRANGER", "unknown-questions"),
    ("an interchange that we never sent", "TA1", "*000000001*", "*000000002*",
     "unknown-interchange"),
    ("a number that is none", "TA1", "*000000001*", "*OOOOOOOO1*", "unknown-interchange"),
]  # fmt: skip


async def test_refused_answers_move_nothing(desk: Desk) -> None:
    await desk.see_patients()
    [number] = await desk.control_numbers()
    for index, (_, kind, old, new, _) in enumerate(HEARD):
        content = good(kind).replace(old, new, 1).replace("NUMBER", number)
        await desk.hear(f"{index}.x12", content.encode())
    verdicts = await desk.verdicts()
    found = [verdicts[f"{index}.x12"] for index in range(len(HEARD))]
    assert found == [("refused", code) for *_, code in HEARD]
    assert await desk.states() == ["submitted"]
    assert await desk.fetch("SELECT FROM claim_answer") == []


async def test_a_file_for_somebody_else_is_refused_where_our_ids_are_known(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.see_patients()
    [number] = await desk.control_numbers()
    monkeypatch.setenv("BILLING_RECEIVERS", '["310000001"]')
    await desk.hear("a.835", payment(paid(number)))
    assert (await desk.verdicts())["a.835"] == ("refused", "wrong-receiver")
    assert await desk.states() == ["submitted"]
    monkeypatch.setenv("BILLING_RECEIVERS", '["310000001", "MAINSTAY"]')
    (desk.inbound / "refused" / "a.835").rename(desk.inbound / "a.835")
    await desk.hear("b.txt", b"x")
    assert (await desk.verdicts())["a.835"] == ("posted", None)


# Files made to cost.


def inspected(parts: Iterator[bytes]) -> tuple[InspectedFile, int]:
    """What inspection finds, and the most memory that it took."""
    tracemalloc.start()
    found = inspect("x", Endless(parts))  # type: ignore[arg-type]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found, peak


def head(kind: str = "999") -> bytes:
    functional, version, _ = KINDS[kind]
    return (ISA + f"GS*{functional}*P*M*20260304*0930*7*X*{version}~").encode()


def endless(first: bytes, part: bytes, given: list[int]) -> Iterator[bytes]:
    """A gigabyte that is made while it is read; `given` tells how much was asked for."""
    yield first
    for _ in range(1024**3 // len(part)):
        given[0] += len(part)
        yield part


@pytest.mark.parametrize(
    "first", [head() + b"ST*999*0001~AK1*", ISA.encode(), ISA[:50].encode(), b"ISA"]
)
def test_a_gigabyte_without_a_terminator_is_given_up_early(first: bytes) -> None:
    given = [0]
    found, peak = inspected(endless(first, b"A" * 65536, given))
    assert found.verdict != 0
    assert given[0] <= 4 * LONGEST_SEGMENT
    assert peak < 4 * 1024**2


def test_one_element_of_five_megabytes_is_refused() -> None:
    content = good("999").replace("AK1*HC", f"AK1*{'H' * 5_000_000}").encode()
    with pytest.raises(X12Error) as refused:
        read_999(io.BytesIO(content))
    assert refused.value.code == "segment-too-long"


def test_twenty_thousand_levels_within_one_another_cost_no_memory() -> None:
    def levels() -> Iterator[bytes]:
        yield head("277") + b"ST*277*0001*005010X212~BHT*0010*08*7*20260304*0930*DG~"
        for number in range(1, 20_001):
            yield b"HL*%d*%d*22*1~" % (number, number - 1)
        yield b"SE*20003*0001~GE*1*7~IEA*1*000000007~"

    found, peak = inspected(levels())
    [one] = found.transactions
    assert found.verdict == HELD
    assert any(problem.element == "HL02" for problem in one.problems)
    assert peak < 4 * 1024**2


def test_twenty_thousand_sets_are_read_through() -> None:
    def sets() -> Iterator[bytes]:
        yield head()
        for number in range(1, 20_001):
            yield b"ST*999*%05d~AK1*HC*1~AK9*A*0*0*0~SE*4*%05d~" % (number, number)
        yield b"GE*20000*7~IEA*1*000000007~"

    content = b"".join(sets())
    assert len(read_999(io.BytesIO(content))) == 20_000
    assert len(inspect("x", io.BytesIO(content)).transactions) == 20_000


def test_a_set_number_that_comes_again_in_its_group_is_told() -> None:
    one = b"ST*999*0001~AK1*HC*1~AK9*A*0*0*0~SE*4*0001~"
    content = head() + one + one + b"GE*2*7~IEA*1*000000007~"
    with pytest.raises(X12Error) as refused:
        read_999(io.BytesIO(content))
    assert refused.value.code == "duplicate-transaction"
    _, second = inspect("x", io.BytesIO(content)).transactions
    assert [problem.element for problem in second.problems] == ["ST02"]
