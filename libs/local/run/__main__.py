"""`python -m libs.local.run`: the platform on one machine, until Ctrl-C; with ONCE=1, once."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Coroutine
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from libs.local.backends import BackendError, Backends, choose, running
from libs.local.demo.practices import practices
from libs.local.run.feed import Feeder, month_days
from libs.local.run.opening import take_over_open_claims
from libs.local.run.platform import LocalPlatform, NotReadyError, Pace, platform
from libs.local.run.progress import Display, console, display
from libs.local.run.seed import SeedingError, enroll_late, seed
from libs.local.run.settle import NotSettledError, settle
from libs.local.run.summary import print_summary, summarise, write_summary
from libs.service.migrations import MigrationError

LOCAL = Path(".local")
RESULT = LOCAL / "run.json"
ONCE_FIRST_MONTH = date(2026, 1, 1)
SETTLE_SECONDS = 600
LIVE_DAY_SECONDS = 3.0
TOMORROWS_BOOKINGS = 3


class Interrupted(Exception):  # noqa: N818  it is no error
    """Somebody asked us to stop."""


def _count(name: str, default: int) -> int:
    text = os.environ.get(name) or str(default)
    if not text.isdigit() or not 1 <= int(text) <= 240:
        raise SystemExit(f"{name} is a number from 1 to 240, not {text!r}")
    return int(text)


async def run_once(home: Path, backends: Backends, show: Display) -> int:
    """Feed everything as fast as it goes, wait until all is settled, reconcile; the exit code."""
    started = time.monotonic()
    show.stage("starting the services")
    fast = Pace(payer_seconds=0, submit_delay_seconds=0.5)
    async with platform(home, backends, fast) as made:
        feeder = await _feed_once(made, show)
        show.stage("settling")
        await settle(made, show, within_seconds=SETTLE_SECONDS)
        summary = await summarise(made, feeder, seconds=time.monotonic() - started)
    write_summary(summary, RESULT)
    print_summary(summary)
    return 0 if summary.reconciles else 1


async def _feed_once(made: LocalPlatform, show: Display) -> Feeder:
    people = practices(_count("PRACTICES", 3))
    days = month_days(ONCE_FIRST_MONTH, _count("MONTHS", 2))
    show.stage("onboarding practices")
    doors = await seed(made, people)
    await take_over_open_claims(made, people[-1])
    feeder = Feeder(made, doors, show, pause_seconds=0)
    show.stage("feeding the public samples")
    await feeder.public_samples()
    show.stage("feeding generated months")
    await feeder.panels()
    await feeder.tomorrow(TOMORROWS_BOOKINGS)
    for number, day in enumerate(days):
        await feeder.day(day)
        if number == len(days) // 2:
            await enroll_late(made, people)
    return feeder


async def run_live(home: Path, backends: Backends, show: Display) -> int:
    """Feed at a visible pace and go on, until interrupted."""
    show.stage("starting the services")
    visible = Pace(payer_seconds=2, submit_delay_seconds=2)
    async with platform(home, backends, visible) as made:
        people = practices(_count("PRACTICES", 3))
        show.stage("onboarding practices")
        doors = await seed(made, people)
        _welcome(made)
        feeder = Feeder(made, doors, show, pause_seconds=0.05)
        show.stage("feeding: registering patients")
        await feeder.panels()
        await feeder.tomorrow(TOMORROWS_BOOKINGS)
        await take_over_open_claims(made, people[-1])
        await asyncio.gather(_feed_days(feeder, show, people, made), feeder.public_samples())
    return 0


async def _feed_days(feeder: Feeder, show: Display, people: Any, made: LocalPlatform) -> None:
    """From some months ago to today, and then more visits of today, for ever."""
    today = datetime.now(UTC).date()
    on = (today - timedelta(days=30 * _count("MONTHS", 2))).replace(day=1)
    late = on + timedelta(days=20)
    round_ = 0
    while True:
        if not feeder.was_fed(on, round_):
            show.say(f"feeding {on:%A %d %B %Y} · Ctrl-C stops")
            await feeder.day(on, round_)
            if on.weekday() < 5:
                await asyncio.sleep(LIVE_DAY_SECONDS)
        if on == late:
            await enroll_late(made, people)
        if on < datetime.now(UTC).date():
            on += timedelta(days=1)
        else:
            round_ += 1
            while on.weekday() >= 5:
                on -= timedelta(days=1)


def _welcome(made: LocalPlatform) -> None:
    console.print(
        f"\n  Dashboard   [link]{made.url('analytics')}/[/link]\n"
        f"  Sign in     demo · {made.demo_password}\n"
        f"  FHIR        {made.url('interop')}/fhir\n"
        f"  CloudEvents {made.url('interop')}/events\n"
        f"  HL7 v2      127.0.0.1:{made.ports['mllp']} (MLLP)\n"
        f"  HL7 back    {made.ehr_inbox.resolve()}, what the first practice's EHR is told\n"
        f"  Keys        {made.home / 'keys.json'} (docs/integrators.md)\n"
        f"  Events      ./mainstay events trace ID · ./mainstay consumers list\n"
        f"  Data        {made.home.resolve()} · logs in logs/ · `make down WIPE=1` removes it\n"
    )


def _until_interrupted(work: Coroutine[Any, Any, int]) -> int:
    """Run to the end, or until Ctrl-C or SIGTERM, which let everything stop in order."""

    async def main() -> int:
        task = asyncio.ensure_future(work)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, task.cancel)
        try:
            return await task
        except asyncio.CancelledError:
            raise Interrupted from None

    return asyncio.run(main())


def main() -> int:
    """Start the backends, run, and stop what was started."""
    once = os.environ.get("ONCE") == "1"
    os.environ.setdefault("MAINSTAY_PLATFORM", str(LOCAL / "home" / "platform.json"))
    LOCAL.mkdir(exist_ok=True)
    home = Path(tempfile.mkdtemp(prefix="once-", dir=LOCAL)) if once else LOCAL / "home"
    home.mkdir(exist_ok=True)
    home.chmod(0o711)  # as root, the servers are another user, and must reach their data
    done = False
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        choice = choose(os.environ, purpose="run")
        with running(home / "backends", choice) as backends, display() as show:
            code = _until_interrupted((run_once if once else run_live)(home, backends, show))
            done = code == 0
            return code
    except Interrupted:
        done = True
        console.print("stopped; nothing runs any more" + ("" if once else ", the data is kept"))
        return 130 if once else 0
    except (BackendError, NotReadyError, NotSettledError, SeedingError, MigrationError) as error:
        console.print(f"[red]{error}[/red]")
        return 1
    finally:
        if once and done:
            with suppress(OSError):
                shutil.rmtree(home)
        elif once:
            console.print(f"what happened is in {home}/logs")


if __name__ == "__main__":
    sys.exit(main())
