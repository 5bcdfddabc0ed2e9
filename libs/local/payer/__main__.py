"""`python -m libs.local.payer --exchange DIR`: run the payer simulator until SIGTERM."""

from __future__ import annotations

import argparse
import fcntl
import signal
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path

from libs.local.payer.answers import Answering
from libs.local.payer.at_once import answering_at_once
from libs.local.payer.coverage import Coverages
from libs.local.payer.decisions import Policy
from libs.local.payer.desk import Desk
from libs.local.payer.faults import Faults, parse_faults

_POLL_SECONDS = 0.2
_POLL_SECONDS_AT_FULL_SPEED = 0.05


def _faults(text: str) -> Faults:
    try:
        return parse_faults(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _fraction(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError("a fraction from 0 to 1 is expected")
    return value


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "payer", description="Answers 837P files: 999, 277CA, 835; and 270s: 271."
    )
    parser.add_argument("--exchange", type=Path, required=True, help="folder shared with billing")
    parser.add_argument(
        "--pace", type=float, default=0.0, help="seconds from 999 to 277CA; 0: none"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--denials", type=_fraction, default=0.08, help="fraction denied")
    parser.add_argument("--rejections", type=_fraction, default=0.02, help="fraction not taken in")
    parser.add_argument(
        "--crossovers", type=_fraction, default=0.0, help="fraction passed on to the next payer"
    )
    parser.add_argument("--ended", type=_fraction, default=0.04, help="fraction not covered")
    parser.add_argument("--unknown", type=_fraction, default=0.03, help="fraction not known")
    parser.add_argument("--inquire-port", type=int, help="answers 270s over HTTP; 0: a free one")
    parser.add_argument("--payment-days", type=int, default=0, help="from submission to payment")
    parser.add_argument("--faults", type=_faults, default={}, help="such as duplicate-835=0.1,plb")
    parser.add_argument("--once", action="store_true", help="stop when everything is answered")
    return parser


def main() -> int:
    """Watch the folder; 0 after SIGTERM, SIGINT or `--once`, 2 where another payer has it."""
    given = _arguments().parse_args()
    exchange: Path = given.exchange
    exchange.mkdir(parents=True, exist_ok=True)
    with (exchange / ".payer.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"another payer simulator serves {exchange}; stop it first", file=sys.stderr)
            return 2
        policy = Policy(given.seed, given.denials, given.rejections, given.crossovers)
        answering = Answering(policy, given.faults, given.payment_days)
        coverages = Coverages(policy, given.ended, given.unknown)
        desk = Desk(exchange, answering, given.pace, _say, coverages)
        with ExitStack() as door:
            if given.inquire_port is not None:
                door.enter_context(answering_at_once(coverages, given.inquire_port, _say))
            _watch(desk, _POLL_SECONDS if given.pace else _POLL_SECONDS_AT_FULL_SPEED, given.once)
    return 0


def _say(line: str) -> None:
    print(line, flush=True)


def _watch(desk: Desk, poll_seconds: float, once: bool) -> None:
    stopping = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stopping.set())
    while not stopping.is_set():
        desk.work(time.time())
        if once and desk.idle:
            return
        stopping.wait(poll_seconds)


if __name__ == "__main__":
    sys.exit(main())
