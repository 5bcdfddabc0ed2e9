"""Measures on real Kafka and PostgreSQL; prints the figures and writes `.local/bench.json`."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from pathlib import Path

from libs.local.backends import choose, running
from tests.bench.hops import measure_hops
from tests.bench.projecting import measure_projection
from tests.databases import Databases

RESULT = Path(".local/bench.json")


async def measure(kafka: str, postgres: str) -> dict[str, float]:
    """Every figure, by name."""
    databases = Databases(postgres)
    try:
        figures = await measure_projection(databases, kafka)
        figures |= await measure_hops(databases, kafka)
        return figures
    finally:
        await databases.drop_templates()


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="mainstay-bench-") as folder:
        data = Path(folder)
        data.chmod(0o755)
        with running(data, choose(os.environ, purpose="test"), durable=True) as backends:
            figures = asyncio.run(measure(backends.kafka, backends.postgres))
    for name, figure in figures.items():
        print(f"{name:34} {figure:>12,.2f}")
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
