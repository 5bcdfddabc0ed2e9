"""Measures on real Kafka and PostgreSQL; prints the figures and writes `.local/bench.json`.

`make bench` measures everything, `make bench ONLY="projection hops"` some of it.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from libs.events.transport.runtime import settle_memory
from libs.local.backends import choose, running
from tests.bench.checking import measure_checking
from tests.bench.claiming import measure_claiming
from tests.bench.growing import measure_growth, measure_rebuilding
from tests.bench.handling import measure_handling
from tests.bench.hops import measure_hops
from tests.bench.loading import measure_loading
from tests.bench.projecting import measure_projection
from tests.bench.receiving import measure_receiving
from tests.bench.relaying import measure_relaying
from tests.bench.remitting import measure_remitting
from tests.bench.scaling import measure_scaling
from tests.bench.scrubbing import measure_scrubbing
from tests.bench.timers import measure_timers
from tests.databases import Databases

RESULT = Path(".local/bench.json")
MEASURES: dict[str, Callable[[Databases, str], Awaitable[dict[str, float]]]] = {
    "projection": measure_projection,
    "scaling": measure_scaling,
    "handler": measure_handling,
    "relay": measure_relaying,
    "hops": measure_hops,
    "timers": measure_timers,
    "mllp": measure_receiving,
    "fhir": measure_checking,
    "x12": measure_remitting,
    "rebuild": measure_rebuilding,
    "growth": measure_growth,
    "scrub": measure_scrubbing,
    "claims837": measure_claiming,
    "ncci": measure_loading,
}
TARGETS: dict[str, tuple[str, float]] = {
    "projection_vs_naive": (">=", 100),
    "projection_vs_bare": (">=", 0.9),
    "two_processes_vs_one": (">=", 1.8),
    "handler_vs_naive": (">=", 5),
    "relay_vs_bare_producer": (">=", 0.3),
    "hop_ms_p50": ("<=", 15),
    "hop_ms_p99": ("<=", 60),
    "timer_late_ms_p99": ("<=", 1000),
    "mllp_messages_per_second": (">=", 500),
    "mllp_ms_p50": ("<=", 25),
    "mllp_ms_p99": ("<=", 50),
    "mllp_connections_held": (">=", 1000),
    "fhir_mb_per_cpu_second": (">=", 5),
    "fhir_price_at_40_mb": ("<=", 1.2),
    "fhir_peak_over_body": ("<=", 16),
    "x12_835_mb_per_second": (">=", 10),
    "x12_835_vs_pyx12": (">=", 30),
    "x12_835_vs_lfh": (">=", 30),
    "x12_835_peak_grown": ("<=", 1.1),
    "x12_835_post_10000_claims_seconds": ("<=", 20),
    "rebuild_vs_live": (">=", 1),
    "rebuild_peak_grown": ("<=", 1.2),
    "event_price_at_10x_rows": ("<=", 1.2),
    "scrub_claims_per_second": (">=", 5000),
    "ncci_pairs_peak_grown": ("<=", 1.1),
    "x12_837_claims_per_second": (">=", 2000),
}


async def measure(kafka: str, postgres: str, only: list[str]) -> dict[str, float]:
    """The figures by name, printed as they come."""
    databases = Databases(postgres)
    figures: dict[str, float] = {}
    try:
        for name in only or MEASURES:
            for figure, value in (await MEASURES[name](databases, kafka)).items():
                print(f"{figure:34} {value:>12,.2f}  {_judged(figure, value)}", flush=True)
                figures[figure] = value
        return figures
    finally:
        await databases.drop_templates()


def _judged(figure: str, value: float) -> str:
    if figure not in TARGETS:
        return ""
    sign, target = TARGETS[figure]
    met = value >= target if sign == ">=" else value <= target
    return f"{sign} {target:g}: {'met' if met else 'MISSED'}"


def main(only: list[str]) -> None:
    if unknown := set(only) - set(MEASURES):
        sys.exit(f"no such measure: {', '.join(sorted(unknown))}; there are {', '.join(MEASURES)}")
    settle_memory()
    with tempfile.TemporaryDirectory(prefix="mainstay-bench-") as folder:
        data = Path(folder)
        data.chmod(0o755)
        with running(data, choose(os.environ, purpose="test"), durable=True) as backends:
            figures = asyncio.run(measure(backends.kafka, backends.postgres, only))
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main(sys.argv[1:])
