"""A test service in a process of its own: it is there to be killed."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from functools import partial
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaTimeoutError

from libs.events.transport import database, relay, runtime, steps
from libs.events.transport.relay import Relay
from libs.events.transport.runtime import running
from tests.transport.clockwork import clockwork
from tests.transport.ledger import ledger, teller

SERVICES = {"teller": teller, "ledger": ledger, "clockwork": clockwork}


class DyingProducer(AIOKafkaProducer):
    """Kills its process when the broker has acknowledged a batch: nothing is deleted any more."""

    async def send_batch(self, *arguments: Any, **named: Any) -> Any:
        acknowledged = await super().send_batch(*arguments, **named)
        await acknowledged
        os.kill(os.getpid(), signal.SIGKILL)
        return acknowledged


class SickProducer(AIOKafkaProducer):
    """The first one cannot send, and then not even stop; later ones are well."""

    sick = True

    async def send_batch(self, *arguments: Any, **named: Any) -> Any:
        if SickProducer.sick:
            raise KafkaTimeoutError
        return await super().send_batch(*arguments, **named)

    async def stop(self) -> None:
        await super().stop()
        if SickProducer.sick:
            SickProducer.sick = False
            raise RuntimeError("could not stop")


def grow_numb() -> None:
    """Stop once, when places were given and nothing is sent yet; the lease is a short one."""
    runtime.__dict__["Relay"] = partial(Relay, lease_seconds=1.5)
    stop_at("relay.numbered")


STANDSTILL_SECONDS = 8


def stand_still() -> None:
    """Stop once, inside the transaction of a batch; the server waits for a short while only."""
    database.__dict__["LONGEST_STANDSTILL_SECONDS"] = STANDSTILL_SECONDS
    stop_at("consumer.checkpoint-moved")


def stop_at(step: str) -> None:
    stopped: list[str] = []

    def stop(reached: str) -> None:
        if reached == step and not stopped:
            stopped.append(step)
            os.kill(os.getpid(), signal.SIGSTOP)

    steps.watch(stop)


async def main(name: str, dsn: str, kafka: str) -> None:
    name, _, ailment = name.partition(":")
    if ailment == "numbing":
        grow_numb()
    elif ailment == "standing":
        stand_still()
    elif ailment:
        producers = {"dying": DyingProducer, "sick": SickProducer}
        relay.__dict__["AIOKafkaProducer"] = producers[ailment]
    async with running(SERVICES[name], dsn=dsn, kafka=kafka, instance="0"):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
