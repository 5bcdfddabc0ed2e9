"""What libs/events/README.md teaches works: its blocks are one program, run on real servers."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient, NewTopic

import libs.events.contracts
import libs.events.transport
from tests.conftest import Addresses
from tests.databases import Databases
from tests.transport.ledger import MINE

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "libs" / "events" / "README.md").read_text()
SAID = ["lent returned", "2 lent, 1 returned", "overdue returned"]


def blocks(language: str) -> str:
    return "\n".join(re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL))


def under_names_of_our_own(program: str) -> str:
    """Several runs share one Kafka: the example's services get names of this process's own."""
    for name in ("desk", "lending"):
        program = program.replace(f'"{name}.', f'"{name}-{MINE}.')
        program = program.replace(f'name="{name}"', f'name="{name}-{MINE}"')
    return program


async def test_the_example_of_the_page_runs(
    databases: Databases, addresses: Addresses, tmp_path: Path
) -> None:
    program = under_names_of_our_own(blocks("python"))
    (tmp_path / "example.py").write_text(program)
    admin = AIOKafkaAdminClient(bootstrap_servers=addresses.kafka)
    await admin.start()
    topics = re.findall(r'Topic\("([^"]+)", partitions=(\d)\)', program)
    try:
        await admin.create_topics([NewTopic(name, int(count), 1) for name, count in topics])
        async with (
            databases.clone("desk") as desk,
            databases.clone("lending", blocks("sql")) as lending,
        ):
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, tmp_path / "example.py"),
                cwd=ROOT,
                env=os.environ
                | {"PYTHONPATH": str(ROOT), "KAFKA": addresses.kafka}
                | {"DESK": desk, "LENDING": lending},
                stdout=asyncio.subprocess.PIPE,
            )
            try:
                out, _ = await asyncio.wait_for(process.communicate(), 60)
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
    finally:
        await admin.delete_topics([name for name, _ in topics])
        await admin.close()
    assert process.returncode == 0
    assert [line for line in out.decode().splitlines() if line in SAID] == SAID


def test_the_page_names_all_that_a_service_may_import_and_nothing_else() -> None:
    table = PAGE[PAGE.index("## Everything there is") :]
    rows = re.findall(r"^\| ((?:`\w+` ?)+)\|", table, re.MULTILINE)
    told = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    exported = set(libs.events.transport.__all__)
    of_contracts = {"Event", "Topic", "Contract", "PHI", "PERSONAL"}
    assert told == exported | of_contracts
    assert of_contracts <= set(libs.events.contracts.__all__)
