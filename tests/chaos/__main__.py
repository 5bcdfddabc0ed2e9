"""`make chaos FAULTS=200 SEED=…`: faults on a cluster of its own; prints one line of JSON.

Exit code 1 where anything was lost, doubled, reordered or left over, or where a fault hit nothing.
`KINDS` narrows the run to faults whose names begin with one of its comma-separated words.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import secrets
import shutil
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from tests.chaos.cluster import cluster
from tests.chaos.faults import PROCESS_FAULTS
from tests.chaos.machines import MACHINE_FAULTS
from tests.chaos.run import Report, run, tell
from tests.chaos.schedule import least_of_a_full_run, schedule
from tests.chaos.stage import stage
from tests.chaos.steps import steps
from tests.databases import Databases

DEFAULT_FAULTS = 60


async def chaos(seed: int, count: int, words: tuple[str, ...], folder: Path) -> Report:
    """Run so many faults; from a full run on, every step must have been reached."""
    found = [step for step in steps() if f"at {step}".startswith(words)]
    kinds = {
        name: strike
        for name, strike in (PROCESS_FAULTS | MACHINE_FAULTS).items()
        if name.startswith(words)
    }
    if not found and not kinds:
        sys.exit(f"no fault's name begins with {' or '.join(words)}")
    faults = schedule(seed, count, found, kinds)
    full = count >= least_of_a_full_run(found, kinds)
    async with cluster(folder) as servers:
        databases = Databases(servers.admin_dsn)
        async with stage(databases, servers.kafka, folder, servers) as made:
            return await run(made, faults, seed, steps=found if full else [])


def main() -> int:
    seed = int(os.environ.get("SEED") or secrets.randbelow(10**9))
    count = int(os.environ.get("FAULTS") or DEFAULT_FAULTS)
    words = tuple((os.environ.get("KINDS") or "").split(","))
    tell(f"SEED={seed} FAULTS={count}")
    for noisy in ("aiokafka", "asyncpg", "asyncio"):  # of connections that are cut on purpose
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
    folder = Path(tempfile.mkdtemp(prefix="mainstay-chaos-"))
    folder.chmod(0o755)  # the servers run as another user where we are root
    report = asyncio.run(chaos(seed, count, words, folder))
    print(json.dumps(asdict(report)))
    if report.clean:
        shutil.rmtree(folder, ignore_errors=True)
        return 0
    tell(f"the logs and the journal are in {folder}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
