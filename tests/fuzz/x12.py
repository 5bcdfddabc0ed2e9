"""X12 files that are wrong at random: whatever comes, reading ends with a verdict.

`make fuzz` goes on for as long as it is told; the test beside the other X12 tests does a little of
the same. A finding names its seed, file and round.
"""

from __future__ import annotations

import io
import random
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from services.billing.inspect.inspect import inspect
from services.billing.inspect.model import UNREADABLE
from services.billing.x12 import (
    X12Error,
    identify,
    read_271,
    read_277,
    read_277ca,
    read_835,
    read_999,
    read_ta1,
)

SAMPLES = Path(__file__).parents[2] / "samples" / "x12"
LARGEST = 64 * 1024
"""Of a sample: more of the same finds nothing more."""
READERS: tuple[Callable[[io.BytesIO], Any], ...] = (
    identify,
    read_ta1,
    read_999,
    read_277ca,
    read_277,
    read_271,
    lambda stream: list(read_835(stream)),
)
_LITERALS = (b"~", b"*", b":", b"^", b"\n", b"\r\n", b"ISA*", b"IEA*1*1~", b"ST*835*0001~", b"-",
             b".", b"9" * 20, b"\x00", b"\x1d", b"\xe9", b"HL*1**20*1~", b"SE*1*1~")  # fmt: skip


def samples() -> dict[str, bytes]:
    paths = sorted(path for path in SAMPLES.iterdir() if path.suffix != ".md")
    return {path.name: path.read_bytes()[:LARGEST] for path in paths}


def mutate(content: bytes, draw: random.Random) -> bytes:
    """A few things changed: bytes, whole segments, or what stands for what."""
    for _ in range(draw.randint(1, 4)):
        at = draw.randrange(len(content) + 1)
        match draw.randrange(6):
            case 0:
                content = content[:at] + draw.choice(_LITERALS) + content[at:]
            case 1:
                content = content[:at] + content[at + draw.randint(1, 40) :]
            case 2:
                content = content[:at]
            case 3:
                content = content[:at] + bytes([draw.randrange(256)]) + content[at + 1 :]
            case 4:
                segments = content.split(b"~")
                one = draw.randrange(len(segments))
                other = draw.randrange(len(segments))
                segments[one], segments[other] = segments[other], segments[one]
                content = b"~".join(segments)
            case _:
                segments = content.split(b"~")
                one = draw.randrange(len(segments))
                segments[one:one] = segments[one : one + draw.randint(1, 3)]
                content = b"~".join(segments)
    return content


def check(content: bytes) -> None:
    """AssertionError, or whatever was raised, where reading does not end with a verdict."""
    found = inspect("x", io.BytesIO(content))
    assert found.verdict != UNREADABLE or found.problems, "not readable, and nobody says why"
    for read in READERS:
        with suppress(X12Error):
            read(io.BytesIO(content))


def mutants(seed: int) -> Iterator[tuple[str, bytes]]:
    """Without end: a sample's name and the sample with something wrong."""
    draw, known = random.Random(seed), samples()
    names = list(known)
    while True:
        name = draw.choice(names)
        yield name, mutate(known[name], draw)


def run(seconds: float, seed: int = 0) -> int:
    """Check mutants for as long as told; gives how many. Raises at the first finding."""
    until = time.monotonic() + seconds
    done = 0
    for name, content in mutants(seed):
        try:
            check(content)
        except Exception as error:
            raise AssertionError(f"seed {seed}, round {done}, of {name}: {error!r}") from error
        done += 1
        if time.monotonic() > until:
            return done
    return done
