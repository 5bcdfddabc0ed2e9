"""Writes `artifacts.lock.toml`: `python -m libs.local.backends.lock` (needs Maven).

Resolution happens here only, by Maven itself, so that everybody else fetches exact bytes.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

from libs.local.backends.artifacts import LOCK_FILE, Artifact, sha256_of

POM = Path(__file__).with_name("artifacts.pom.xml")
LINE = re.compile(
    r"^\s+([\w.-]+):([\w.-]+):jar:([\w.-]+):(?:compile|runtime):(/.+\.jar)", re.MULTILINE
)


def resolve() -> list[Artifact]:
    """The whole runtime class path and the four PostgreSQL builds, in coordinate order."""
    with tempfile.TemporaryDirectory() as scratch:
        listing = Path(scratch) / "list.txt"
        subprocess.run(
            [
                *("mvn", "-B", "-q", "-f", str(POM), "dependency:list"),
                *("-DincludeScope=runtime", "-DoutputAbsoluteArtifactFilename=true"),
                f"-DoutputFile={listing}",
            ],
            check=True,
        )
        text = listing.read_text()
    found = [
        Artifact(f"{group}:{name}:{version}", sha256_of(Path(path)), Path(path).stat().st_size)
        for group, name, version, path in LINE.findall(text)
    ]
    return sorted(found, key=lambda artifact: artifact.coordinate)


def main() -> None:
    artifacts = resolve()
    entries = (
        f'\n[[artifact]]\ncoordinate = "{artifact.coordinate}"\n'
        f'sha256 = "{artifact.sha256}"\nsize_bytes = {artifact.size_bytes}\n'
        for artifact in artifacts
    )
    head = "# Written by `python -m libs.local.backends.lock` from artifacts.pom.xml.\n"
    LOCK_FILE.write_text(head + "".join(entries))
    print(f"{LOCK_FILE.name}: {len(artifacts)} artifacts")


if __name__ == "__main__":
    main()
