"""A file ten times as large takes no more memory: what is read is kept, told and let go."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.harness import Harness
from tests.interop.bulk.exporting import counts
from tests.interop.bulk.test_kills import send_to, server
from tests.interop.conftest import OpenConnection
from tests.interop.fhir.asking import PROFILE
from tests.interop.fhir.test_bad_bundles import PATIENT

MEGABYTE = 1024 * 1024


async def file_of(megabytes: int, name: str) -> AsyncIterator[bytes]:
    """Lines of 20 kB, every tenth of a patient, the others of a type that is passed over."""
    photo = [{"contentType": "image/png", "data": "QUJD" * 5_000}]
    for number in range(megabytes * 50):
        one = PATIENT | {"id": f"{name}-{number}", "photo": photo}
        one["identifier"] = [{"value": f"{name}-{number}"}]
        if number % 10:
            one = {"resourceType": "Media", "id": str(number), "content": photo[0]}
        yield json.dumps(one).encode() + b"\n"


def peak_of(pid: int) -> int:
    """The largest memory that a process has had, in bytes (VmHWM of proc(5))."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("Linux tells it")


@pytest.mark.timeout(300)
async def test_memory_does_not_grow_with_the_file(
    interop: Harness, open_connection: OpenConnection
) -> None:
    key = await open_connection(kind="fhir", profile=PROFILE)
    async with server(interop.dsn, lines=200) as (url, process):
        assert counts(await send_to(url, key, file_of(6, "a")))["created"] == 30
        small = peak_of(process.pid)
        assert counts(await send_to(url, key, file_of(60, "b")))["created"] == 300
        large = peak_of(process.pid)
    assert large - small < 12 * MEGABYTE, (small, large)
    assert large < 1.15 * small, (small, large)
