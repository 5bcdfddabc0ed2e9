"""A real Chromium for the pages: the system's, or Playwright's own.

`python -m tests.browser install` gets one where there is none.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ARGUMENTS = [
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
NONE_FOUND = "no Chromium or Chrome was found: `make browser` installs one"


def find_browser() -> Path | None:
    """The path of a Chromium: CHROMIUM, the system's, or Playwright's own; None where none is."""
    named = os.environ.get("CHROMIUM")
    for name in [named, *NAMES] if named else NAMES:
        if found := shutil.which(name):
            return Path(found)
    return _playwrights_own()


def _playwrights_own() -> Path | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = Path(playwright.chromium.executable_path)
    return path if path.exists() else None


def install() -> int:
    """Install a Chromium: Debian's as root, else Playwright's own."""
    if found := find_browser():
        print(f"{found} is there")
        return 0
    if shutil.which("apt-get") and os.geteuid() == 0:
        subprocess.run(["apt-get", "update", "-q"], stdout=subprocess.DEVNULL)
        command = ["apt-get", "install", "-yq", "--no-install-recommends", "chromium"]
        return subprocess.run(command, stdout=subprocess.DEVNULL).returncode
    return subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"]).returncode


if __name__ == "__main__":
    sys.exit(install())
