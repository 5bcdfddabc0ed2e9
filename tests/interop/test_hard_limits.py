"""What can never be posted is refused while its sender listens; nothing is lost in silence."""

from __future__ import annotations

import pytest

from services.interop.encounters.model import SourceCode, SourceLine
from services.interop.fhir.strict import read_json
from services.interop.messages.model import RefusedError
from services.interop.mllp.segments import parse, read_instant

MSH = "MSH|^~\\&|A|B|C|D|20260302||ADT^A04|1|P|2.5.1"
CODE = SourceCode(system="http://snomed.info/sct", code="185349003")


def refused(message: str) -> str:
    with pytest.raises(RefusedError) as error:
        parse(message.encode())
    return error.value.refusals[0].code


def test_a_second_message_or_patient_in_a_frame_is_refused_not_dropped() -> None:
    assert refused(f"{MSH}\rPID|1||7\r{MSH}\rPID|1||8") == "second-message"
    assert refused(f"{MSH}\rPID|1||7\rPID|2||8") == "segment-repeated"


def test_the_character_set_is_found_whatever_ends_the_lines() -> None:
    message = f"{MSH}||||||8859/1\nPID|1||7\n"
    assert parse(message.encode("latin-1")) is not None


@pytest.mark.parametrize("text", ["00010101000000+1400", "99991231235959-1400"])
def test_a_time_that_no_zone_can_convert_is_refused(text: str) -> None:
    with pytest.raises(RefusedError):
        read_instant(text, "SCH-11.4")


@pytest.mark.parametrize("half", [rb"\ud83d", rb"\ude00", rb"\ud83dx", rb"\ude00\ud83d"])
def test_half_of_a_surrogate_pair_is_refused(half: bytes) -> None:
    with pytest.raises(RefusedError) as error:
        read_json(b'{"resourceType": "Bundle", "id": "' + half + b'"}', "Bundle")
    assert error.value.refusals[0].code == "lone-surrogate"


@pytest.mark.parametrize(
    "wrong",
    [{"modifiers": ("25", "59", "76", "77", "91")}, {"modifiers": ("2",)}, {"units": 1000}],
    ids=str,
)
def test_a_line_that_no_claim_can_carry_is_refused_when_it_comes(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="SourceLine"):
        SourceLine.model_validate({"procedure": CODE, **wrong})
