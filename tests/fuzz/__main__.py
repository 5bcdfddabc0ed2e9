"""`make fuzz STEPS=10000000 DATABASE_STEPS=10000 SECONDS=600 SEED=…`: the books against a pencil,
in memory and on PostgreSQL, and X12 readers against mutants. Prints one line of JSON; exit code 1
where anything differs or breaks.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor

from tests.billing.oracle.walk import walk
from tests.fuzz import x12

STEPS, DATABASE_STEPS, SECONDS = 10_000_000, 10_000, 600
STEPS_OF_A_TASK = 100_000
ON_POSTGRES = (
    "tests/billing/oracle/test_on_postgres.py"
    "::test_the_rows_are_what_a_pencil_would_say_at_every_step"
)


def walk_many(seed: int, steps: int) -> int:
    """So many steps on all cores; gives how many were taken. Raises DifferenceError."""
    tasks = [min(STEPS_OF_A_TASK, steps - begun) for begun in range(0, steps, STEPS_OF_A_TASK)]
    with ProcessPoolExecutor() as pool:
        done = pool.map(walk, range(seed, seed + len(tasks)), tasks)
        return sum(sum(taken.values()) for taken in done)


def walk_on_postgres(seed: int, steps: int) -> int:
    """So many steps through the handlers. Raises AssertionError with what the test says."""
    told = {"ORACLE_SEED": str(seed), "ORACLE_STEPS": str(steps)}
    walked = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", ON_POSTGRES],
        env=os.environ | told, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert walked.returncode == 0, walked.stdout[-2000:]
    return steps


def main() -> int:
    seed = int(os.environ.get("SEED") or secrets.randbelow(10**9))
    steps = int(os.environ.get("STEPS") or STEPS)
    database_steps = int(os.environ.get("DATABASE_STEPS") or DATABASE_STEPS)
    seconds = float(os.environ.get("SECONDS") or SECONDS)
    told: dict[str, object] = {"seed": seed}
    try:
        told["steps"] = walk_many(seed, steps)
        told["database_steps"] = walk_on_postgres(seed, database_steps)
        told["x12_files"] = x12.run(seconds, seed)
    except AssertionError as error:
        told["found"] = str(error)
    print(json.dumps(told))
    return 1 if "found" in told else 0


if __name__ == "__main__":
    sys.exit(main())
