"""Faults of processes and of what stands on the topics."""

from __future__ import annotations

import asyncio
import random
import signal

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from tests.chaos.pair import MOVES, ORDERS
from tests.chaos.run import Run, Strike, until
from tests.chaos.victim import LEASE_SECONDS, SESSION_SECONDS
from tests.chaos.victims import Victim

ROLES = ("teller", "ledger")


def at_step(step: str) -> Strike:
    """Kill whoever reaches the step, at its n-th time."""

    async def strike(run: Run, rng: random.Random) -> None:
        part = step.partition(".")[0]
        if part in ("rebuild", "rollback"):
            await _kill_rebuild(run, step)
            return
        role = rng.choice(ROLES) if part in ("relay", "epoch") else "ledger"
        victim = run.stage.victims[role]
        times = 1 if part in ("parked", "epoch") else rng.randint(1, 4)
        if part == "epoch":
            await run.operator.move_database(role)
        if part == "parked":
            await run.operator.publish_misfits(rng)  # they park, and the operator discards them
        await run.strike_step(victim, "die", step, times)
        await victim.process.wait()
        await run.revive()

    return strike


async def _kill_rebuild(run: Run, step: str) -> None:
    """Kill a rebuild or a rollback at a step, and rebuild to the end while orders flow."""
    await _rebuild(run)  # it keeps a generation, which the next removes or goes back to
    rebuild = run.stage.victim(step.partition(".")[0])
    await rebuild.start()
    try:
        await run.strike_step(rebuild, "die", step, 1)
    finally:
        await rebuild.kill()
    await _rebuild(run)


async def _rebuild(run: Run) -> None:
    rebuild = run.stage.victim("rebuild")
    try:
        await rebuild.start()
        if await asyncio.wait_for(rebuild.process.wait(), 90) != 0:
            raise AssertionError("the rebuild failed")
    finally:
        await rebuild.kill()


async def rebuild_while_killed(run: Run, rng: random.Random) -> None:
    """The live consumer is killed while its projection is rebuilt and swapped."""
    rebuilding = asyncio.create_task(_rebuild(run))
    await asyncio.sleep(rng.uniform(0.5, 3))
    await kill_anywhere(run, rng, "ledger")
    await rebuilding


async def kill_anywhere(run: Run, rng: random.Random, role: str | None = None) -> None:
    """SIGKILL at any moment, not only between two durable steps."""
    victim = run.stage.victims[role or rng.choice(ROLES)]
    await run.strikes_now()
    await victim.kill()
    await run.revive()


async def kill_both(run: Run, rng: random.Random) -> None:
    await run.strikes_now()
    await asyncio.gather(*[victim.kill() for victim in run.stage.victims.values()])
    await asyncio.gather(*[victim.start() for victim in run.stage.victims.values()])


async def zombie_taken_over(run: Run, rng: random.Random) -> None:
    """Stop a process inside its work; another takes its place; then the first wakes up."""
    role = rng.choice(ROLES)
    step = {
        "teller": ["relay.numbered", "relay.acknowledged", "relay.forgotten"],
        "ledger": ["consumer.checkpoint-moved", "consumer.effects-applied", "consumer.committed"],
    }[role]
    zombie = run.stage.victims[role]
    await run.strike_step(zombie, "stop", rng.choice(step), rng.randint(1, 3))
    await _take_over(run, zombie, rng)


async def zombie_after_session(run: Run, rng: random.Random) -> None:
    """Stop a process anywhere for longer than its session and its lease; others have its work."""
    role = rng.choice(ROLES)
    zombie = run.stage.victims[role]
    other = run.stage.victim(role, instance="1")
    await other.start()
    try:
        await run.strikes_now()
        zombie.signal(signal.SIGSTOP)
        await asyncio.sleep(max(SESSION_SECONDS, LEASE_SECONDS) + 2)
        zombie.signal(signal.SIGCONT)
        await asyncio.sleep(rng.uniform(0, 2))
    finally:
        await other.kill()


async def _take_over(run: Run, zombie: Victim, rng: random.Random) -> None:
    """A process under the same name takes over at once, as after a node was lost from sight."""
    heir = run.stage.victim(zombie.role)
    try:
        await heir.start()
        await asyncio.sleep(rng.uniform(0.5, 3))
        zombie.signal(signal.SIGCONT)
        await asyncio.sleep(rng.uniform(0.5, 3))
    finally:
        await zombie.kill()
        run.stage.victims[zombie.role] = heir


async def rebalance_storm(run: Run, rng: random.Random) -> None:
    """Further members come and go, some in order and some not."""
    await run.strikes_now()
    for n in range(rng.randint(2, 3)):
        member = run.stage.victim("ledger", instance=f"storm-{n}")
        await member.start()
        await asyncio.sleep(rng.uniform(0, 1.5))
        await member.kill()


async def bad_records(run: Run, rng: random.Random) -> None:
    """Records that can never be read, among good ones; the ledger is killed while they park."""
    await run.operator.append_strangers(rng)
    await run.operator.publish_misfits(rng)
    await kill_anywhere(run, rng, "ledger")


async def duplicates(run: Run, rng: random.Random) -> None:
    """The last records of a partition stand there again, with the sequence that they had."""
    topic = rng.choice((ORDERS, MOVES))
    tp = TopicPartition(topic.name, rng.randrange(topic.partitions))
    client = AIOKafkaConsumer(bootstrap_servers=run.stage.kafka, enable_auto_commit=False)
    producer = AIOKafkaProducer(bootstrap_servers=run.stage.kafka, acks="all")
    await client.start()
    await producer.start()
    try:
        client.assign([tp])
        end = await until(lambda: _end_of(client, tp), 30)
        client.seek(tp, max(0, end - 50))
        records = (await client.getmany(tp, timeout_ms=5000))[tp]
        await run.strikes_now()
        for record in records:
            await producer.send_and_wait(
                topic.name,
                record.value,
                key=record.key,
                partition=tp.partition,
                headers=list(record.headers),
            )
    finally:
        await producer.stop()
        await client.stop()


async def _end_of(client: AIOKafkaConsumer, tp: TopicPartition) -> int:
    return (await client.end_offsets([tp]))[tp]


PROCESS_FAULTS: dict[str, Strike] = {
    "kill": kill_anywhere,
    "kill both": kill_both,
    "zombie taken over": zombie_taken_over,
    "zombie after session": zombie_after_session,
    "rebalance storm": rebalance_storm,
    "bad records": bad_records,
    "duplicates": duplicates,
    "rebuild while killed": rebuild_while_killed,
}
