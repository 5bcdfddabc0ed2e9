"""An independent judge of the 837s that tests write: pyx12, with its map of 005010X222A1.

It shares no code with billing nor with the payer simulator. Every 837 of billing's tests passes
here: `Desk.sent` asks it of each file, the writer's tests of what they write.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from pyx12 import map_if
from pyx12.errors import EngineError
from pyx12.params import ParamsBase
from pyx12.x12n_document import x12n_document

PARAMS = ParamsBase()
load_map = lru_cache(map_if.load_map_file)
"""A map is read from XML once for a process, and not for each file: that took pyx12 0.25 of 0.27
seconds. A walk through a file counts apart from its map, which stays as it was read."""
map_if.load_map_file = load_map


def accepted(content: bytes) -> bytes:
    """The same bytes, once pyx12 has accepted them; AssertionError with what it found."""
    found = problems(content)
    assert not found, found
    return content


@lru_cache(maxsize=1024)
def problems(content: bytes) -> tuple[str, ...]:
    """What pyx12 finds wrong, each with its place; empty where it accepts the file.

    Kept per content: tests look at the same file often.
    """
    report = io.StringIO()
    try:
        text = io.StringIO(content.decode("ascii"))
        is_valid = x12n_document(PARAMS, text, None, None, fd_json=report)
    except EngineError as error:
        return (str(error),)
    found = tuple(_found(json.loads(report.getvalue() or "{}")))
    return found if found or is_valid else ("refused without a word, as for ISA and GS elements",)


def _found(report: dict[str, Any]) -> Iterator[str]:
    for interchange in report.get("interchanges", ()):
        yield from _errors("ISA/IEA", interchange)
        for group in interchange["groups"]:
            yield from _errors("GS/GE", group)
            for transaction in group["transactions"]:
                yield from _errors("ST/SE", transaction)
                for segment in transaction["segments"]:
                    place = f"segment {segment['seg_count']} {segment['seg_id']}"
                    yield from _errors(place, segment)
                    for element in segment["elements"]:
                        parts = element["ele_pos"], element["subele_pos"]
                        at = "-".join(f"{part:02d}" for part in parts if part)
                        yield from _errors(f"{place}{at} {element['name']}", element)


def _errors(place: str, node: dict[str, Any]) -> Iterator[str]:
    for error in node["errors"]:
        yield f"{place}: {error['err_str']}"
