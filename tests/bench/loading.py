"""CMS's table of procedure pairs, at its own size, loaded over HTTP by a process of its own.

The file is made up in CMS's layout: 2.4 million rows are about as many as the four practitioner
files of a quarter have together; half of them are deleted edits.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from itertools import islice, product
from pathlib import Path
from uuid import UUID

from libs.events.transport.database import open_pool
from libs.events.transport.runtime import settle_memory
from libs.service.operators import Operators
from libs.service.process import load_service
from tests.bench.child import measured, peak_mb
from tests.databases import Databases
from tests.harness import OPERATOR_KEY, Harness

FEW, MANY = 240_000, 2_400_000
HEAD = (
    "CPT only copyright 2025 American Medical Association.  All rights reserved.\t\t\t\t\t\t\r\n"
    "Column1/Column2 Edits\t\t\t\t\t\t\r\n"
    "Column 1\tColumn 2\t*=in existence\tEffective\tDeletion\tModifier\tPTP Edit Rationale\r\n"
    "\t\tprior to 1996\tDate\tDate\t0=not allowed\t\r\n"
    "\t\t\t\t*=no data\t1=allowed\t\r\n"
    "\t\t\t\t\t9=not applicable\t\r\n"
)
REASONS = (
    "Misuse of Column Two code with Column One code",
    "CPT Manual or CMS manual coding instruction",
    "Standards of medical / surgical practice",
    "More extensive procedure",
)
CODES = tuple(f"G{number:04d}" for number in range(1_600))
CHUNK = 1 << 16
PRACTICE = UUID(int=837)
COUNT = "SELECT count(*) FROM code_pair"


def rows() -> Iterator[str]:
    """One row after another, as CMS sorts them: by column one, then by column two."""
    yield HEAD
    for number, (one, two) in enumerate(product(CODES, CODES)):
        day = f"{2000 + number % 26}{1 + number % 4 * 3:02d}01"
        deleted = "*" if number % 2 else f"{2026 + number % 3}1231"
        yield f"{one}\t{two}\t\t{day}\t{deleted}\t{number % 2}\t{REASONS[number % 4]}\r\n"


def write(path: Path, count: int) -> float:
    """Write a file of so many pairs; its megabytes."""
    with path.open("w", newline="") as file:
        file.writelines(islice(rows(), count + 1))
    return path.stat().st_size / 1_000_000


async def measure_loading(databases: Databases, _kafka: str) -> dict[str, float]:
    """Seconds and peak memory of the process; the database's own time is in the seconds."""
    told: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory(prefix="mainstay-ncci-") as folder:
        for count in (FEW, MANY):
            path = Path(folder) / f"{count}.txt"
            write(path, count)
            async with databases.clone("billing") as dsn:
                told.append(await measured("loading", str(path), dsn, str(count)))
            path.unlink()
    few, many = told
    return {
        "ncci_pairs_seconds": many["seconds"],
        "ncci_pairs_cpu_seconds": many["cpu_seconds"],
        "ncci_pairs_peak_mb": few["peak_mb"],
        "ncci_pairs_peak_mb_at_10x": many["peak_mb"],
        "ncci_pairs_peak_grown": many["peak_mb"] / few["peak_mb"],
    }


async def _load(path: Path, dsn: str, count: int) -> dict[str, float]:
    """As a practice does it: the file is the body of one request, sent as it is read."""
    pool = await open_pool(dsn, name="bench")
    harness = Harness(load_service("billing"), pool, dsn, _operators(path.parent))
    query = {"kind": "ncci-pairs", "edition": "made up", "effective_on": "2026-01-01"}
    began, used = time.perf_counter(), time.process_time()
    async with harness.http(PRACTICE) as client:
        answer = await client.post(
            f"/code-sets/{UUID(int=1)}", params=query, content=_chunks(path), timeout=None
        )
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - used
    assert answer.status_code == 201, answer.text
    async with harness.work.read([PRACTICE]) as db:
        assert await db.fetchval(COUNT) == count
    await pool.close()
    return {"seconds": seconds, "cpu_seconds": cpu_seconds, "peak_mb": peak_mb()}


def _operators(folder: Path) -> Operators:
    entry = {
        "name": "bench",
        "role": "operator",
        "practices": None,
        "key_sha256": hashlib.sha256(OPERATOR_KEY.encode()).hexdigest(),
    }
    (folder / "operators.json").write_text(json.dumps([entry]))
    return Operators.load(folder / "operators.json")


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def main(path: str, dsn: str, count: str) -> None:
    settle_memory()
    print(json.dumps(asyncio.run(_load(Path(path), dsn, int(count)))))


if __name__ == "__main__":
    main(*sys.argv[1:])
