"""One 835 read in a process of its own, which holds nothing else: its time and its peak memory."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from services.billing.x12 import RemittanceTrailer, read_835
from tests.bench.child import peak_mb


def read(path: Path) -> dict[str, float]:
    """Seconds of processor time, and megabytes at the peak."""
    started = time.process_time()
    balanced = 0
    with path.open("rb") as stream:
        for said in read_835(stream):
            balanced += isinstance(said, RemittanceTrailer) and said.balanced
    seconds = time.process_time() - started
    assert balanced == 1
    return {"seconds": seconds, "peak_mb": peak_mb()}


if __name__ == "__main__":
    print(json.dumps(read(Path(sys.argv[1]))))
