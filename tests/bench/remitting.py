"""835s: read with every sum checked, against the validators of pyx12 and linuxforhealth-x12, and
posted to claims, ledger and events.

The three read one file in one run, each in a process of its own. linuxforhealth-x12 needs an older
pydantic, so it has an environment of its own, made once; where that cannot be, its figure is left
out and said so. The file has no PER of the payer, which pyx12 notes once and the other cannot read.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import psutil

from libs.events.transport.clock import SystemClock
from libs.events.transport.database import open_pool
from libs.events.transport.work import Wakes, Work
from libs.service.migrations import in_database
from services.billing.remittances.post import post_remittances
from tests.bench.child import measured, told
from tests.billing.x12.remittance_files import ISA
from tests.databases import Databases
from tests.keys import FIXED_KEYS

COMPARED_CLAIMS = 3_000
"""About a megabyte; the others take seconds for it."""
SMALL_MB, LARGE_MB = 10, 100
POSTED_CLAIMS = 10_000
ROUNDS = 3
PRACTICE = UUID(int=835)
ENVIRONMENT = Path(".local/bench-lfh")
UV = Path(".local/uv/bin/uv")
LFH = ("linuxforhealth-x12==0.57.0", "pydantic[dotenv]==1.10.27")
READ_WITH_LFH = """
import json, sys, time
from linuxforhealth.x12.io import X12ModelReader
started = time.process_time()
with X12ModelReader(sys.argv[1]) as reader:
    assert sum(1 for _ in reader.models()) == 1
print(json.dumps({"seconds": time.process_time() - started}))
"""
ADD_CLAIMS = """
INSERT INTO claim (practice_id, claim_id, control_number, payer_id, service_on, charge_cents, state,
                   origin)
SELECT $1, gen_random_uuid(), 'CLAIM' || lpad(n::text, 8, '0'), 'PAYER1', '2025-03-03', 16000,
       'accepted', $3
  FROM generate_series(0, $2 - 1) AS n
"""
COUNTS = """
SELECT (SELECT count(*) FROM posting), (SELECT count(*) FROM claim WHERE state = 'paid'),
       (SELECT count(*) FROM journal_line)
"""


async def measure_remitting(databases: Databases, _kafka: str) -> dict[str, float]:
    """Megabytes a second of processor time and ratios; memory; seconds for 10,000 claims."""
    print(f"x12: {os.cpu_count()} cores; the target for posting is for 4")
    with tempfile.TemporaryDirectory(prefix="mainstay-835-") as folder:
        figures = await _compare(Path(folder))
        figures |= await _grow(Path(folder))
    async with databases.clone("billing") as dsn:
        figures |= await _post(dsn, databases.admin_dsn)
    return figures


def rows_of(claims: int) -> Iterator[str]:
    """One balanced payment of claims with two lines each, as payers write them."""
    head = [
        "ST*835*0001",
        f"BPR*I*{96 * claims}*C*ACH*CCP*01*999999992*DA*123456*1512345678**01*999988880*DA*98765"
        "*20250304",
        "TRN*1*TRACE7*1512345678", "DTM*405*20250304", "N1*PR*SAMPLE HEALTH PLAN",
        "N3*1 SAMPLE PLAZA", "N4*SPRINGFIELD*IL*62701", "REF*2U*PAYER1",
        "N1*PE*ELM FAMILY MEDICINE*XX*1234567893", "LX*1",
    ]  # fmt: skip
    claim = [
        "CLP*CLAIM{n:08d}*1*160*96*24*12*PCN{n:08d}*11*1", "NM1*QC*1*DOE*JANE****MI*MEM001",
        "NM1*82*1*SMITH*ANN****XX*1912301953", "DTM*232*20250303", "DTM*233*20250303",
        "SVC*HC:G0439:25*100*60**1", "DTM*472*20250303", "CAS*CO*45*25", "CAS*PR*2*15",
        "REF*6R*1", "AMT*B6*75", "SVC*HC:G0444*60*36**1", "DTM*472*20250303", "CAS*CO*45*15",
        "CAS*PR*2*9", "REF*6R*2", "AMT*B6*45",
    ]  # fmt: skip
    yield from (ISA, "GS*HP*PAYER*MAINSTAY*20250304*0930*7*X*005010X221A1", *head)
    for number in range(claims):
        yield claim[0].format(n=number)
        yield from claim[1:]
    yield from (f"SE*{len(head) + claims * len(claim) + 1}*0001", "GE*1*7", "IEA*1*000000007")


def _write(path: Path, claims: int) -> float:
    """Write the file; returns its megabytes."""
    with path.open("w") as file:
        file.writelines(f"{row}~\n" for row in rows_of(claims))
    return path.stat().st_size / 1_000_000


async def _compare(folder: Path) -> dict[str, float]:
    path = folder / "compared.835"
    size = _write(path, COMPARED_CLAIMS)
    ours = [size / (await measured("reading", str(path)))["seconds"] for _ in range(ROUNDS)]
    pyx12 = size / (await measured("remitting", str(path)))["seconds"]
    figures = {
        "x12_835_mb_per_second": median(ours),
        "x12_835_pyx12_mb_per_second": pyx12,
        "x12_835_vs_pyx12": median(ours) / pyx12,
    }
    if await _make_environment():
        command = str(ENVIRONMENT / "bin/python"), "-c", READ_WITH_LFH, str(path)
        lfh = size / (await told(*command))["seconds"]
        figures |= {"x12_835_lfh_mb_per_second": lfh, "x12_835_vs_lfh": median(ours) / lfh}
    return figures


async def _make_environment() -> bool:
    """False, and said, where linuxforhealth-x12 cannot be had."""
    python = str(ENVIRONMENT / "bin/python")
    commands = (
        (str(UV), "venv", "-q", "--allow-existing", "--python", sys.executable, str(ENVIRONMENT)),
        (str(UV), "pip", "install", "-q", "--python", python, *LFH),
    )
    for command in commands:
        process = await asyncio.create_subprocess_exec(*command, stdout=DEVNULL, stderr=DEVNULL)
        if await process.wait():
            print("x12: linuxforhealth-x12 cannot be installed here; its figure is left out")
            return False
    return True


async def _grow(folder: Path) -> dict[str, float]:
    peaks: list[float] = []
    for megabytes in (SMALL_MB, LARGE_MB):
        path = folder / f"{megabytes}.835"
        _write(path, megabytes * 2_970)
        peaks.append((await measured("reading", str(path)))["peak_mb"])
        path.unlink()
    return {
        "x12_835_peak_mb": peaks[0],
        "x12_835_peak_mb_at_10x": peaks[1],
        "x12_835_peak_grown": peaks[1] / peaks[0],
    }


async def _post(dsn: str, admin_dsn: str) -> dict[str, float]:
    """Seconds from the file's first byte to the commit of all its claims; and of processor time,
    ours and the database's, which say the same on a busy machine."""
    pool = await open_pool(dsn, name="bench")
    try:
        work = Work(
            service="billing", pool=pool, clock=SystemClock(), wakes=Wakes(), keys=FIXED_KEYS
        )
        async with work.unit_of_work(PRACTICE) as uow:
            origin = uow.origin.dump()
            await uow.db.execute(ADD_CLAIMS, PRACTICE, POSTED_CLAIMS, origin)
        await _analyze(in_database(admin_dsn, urlsplit(dsn).path.lstrip("/")))
        content = "".join(f"{row}~\n" for row in rows_of(POSTED_CLAIMS)).encode()
        started, used = time.perf_counter(), time.process_time()
        async with work.unit_of_work(PRACTICE) as uow:
            backend = psutil.Process(await uow.db.fetchval("SELECT pg_backend_pid()"))
            before = _cpu_seconds(backend)
            assert await post_remittances(uow, io.BytesIO(content)) == "posted"
        seconds, cpu = time.perf_counter() - started, time.process_time() - used
        cpu += _cpu_seconds(backend) - before
        async with work.read([PRACTICE]) as db:
            assert tuple(await db.fetchrow(COUNTS) or ()) == (
                POSTED_CLAIMS, POSTED_CLAIMS, 4 * POSTED_CLAIMS,
            )  # fmt: skip
    finally:
        await pool.close()
    return {
        "x12_835_post_10000_claims_seconds": seconds,
        "x12_835_post_10000_claims_cpu_seconds": cpu,
    }


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


async def _analyze(dsn: str) -> None:
    """What autovacuum does within a minute; a service may not."""
    db = await asyncpg.connect(dsn)
    await db.execute("ANALYZE claim")
    await db.close()


def _validate(path: Path) -> dict[str, float]:
    from pyx12.params import ParamsBase
    from pyx12.x12n_document import x12n_document

    text = io.StringIO(path.read_text())
    started = time.process_time()
    x12n_document(ParamsBase(), text, None, None)
    return {"seconds": time.process_time() - started}


if __name__ == "__main__":
    print(json.dumps(_validate(Path(sys.argv[1]))))
