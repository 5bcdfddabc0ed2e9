"""The whole platform as processes, on this run's Kafka and PostgreSQL, fed and killed."""

from __future__ import annotations

import json
import os
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import asyncpg
import pytest
from aiokafka.admin import AIOKafkaAdminClient

from libs.local.backends import Backends
from libs.local.demo.practices import Practice, practices
from libs.local.run.feed import Feeder
from libs.local.run.platform import LocalPlatform, Pace, platform
from libs.local.run.progress import Display, display
from libs.local.run.seed import Door, seed
from libs.local.run.settle import settle
from libs.service.process import service_names
from libs.service.topics import declared_topics
from tests.conftest import NAME, Addresses
from tests.databases import PASSWORD
from tests.journeys.collector import Spans, collecting
from tests.journeys.doors import DAYS
from tests.transport.platform import eventually

PRACTICES = 2


@pytest.fixture(scope="session")
def shown() -> Iterator[Display]:
    with display() as made:
        yield made


@pytest.fixture(scope="session")
def spans() -> Iterator[Spans]:
    """Where the services send their spans."""
    with collecting() as received:
        os.environ["MAINSTAY_OTLP_ENDPOINT"] = received.url
        yield received
        del os.environ["MAINSTAY_OTLP_ENDPOINT"]


@pytest.fixture(scope="session")
async def live(
    addresses: Addresses, tmp_path_factory: pytest.TempPathFactory, spans: Spans
) -> AsyncIterator[LocalPlatform]:
    """The platform, running; its databases and topics are new."""
    home = tmp_path_factory.mktemp("platform")
    await _drop_leftovers(addresses)
    # Roles are the server's, not a database's: the other tests log in with this password.
    kept = {f"database.{name}": PASSWORD for name in service_names()}
    (home / "secrets.json").write_text(json.dumps(kept))
    name = "docker" if os.environ[NAME] == "docker" else "native"
    backends = Backends(name, addresses.kafka, addresses.postgres)
    async with AsyncExitStack() as stack:
        port = random.randrange(20_000, 30_000)  # another run on this machine has others
        pace = Pace(payer_seconds=0, submit_delay_seconds=0.3)
        yield await stack.enter_async_context(platform(home, backends, pace, first_port=port))


@pytest.fixture(scope="session")
def sample_practices() -> list[Practice]:
    return practices(PRACTICES)


@pytest.fixture(scope="session")
async def doors(live: LocalPlatform, sample_practices: list[Practice]) -> list[Door]:
    return await seed(live, sample_practices)


@pytest.fixture
def feeder(live: LocalPlatform, doors: list[Door], shown: Display) -> Feeder:
    return Feeder(live, doors, shown, pause_seconds=0)


@pytest.fixture
async def fed(live: LocalPlatform, feeder: Feeder, shown: Display) -> Feeder:
    """There are visits, and claims that payers decided; what was fed before is not again."""
    await feeder.panels()
    for on in DAYS:
        await feeder.day(on)
    await settle(live, shown, within_seconds=180)
    return feeder


async def _drop_leftovers(addresses: Addresses) -> None:
    """What an earlier run left on servers that we did not start."""
    db = await asyncpg.connect(addresses.postgres)
    for name in service_names():
        await db.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    await db.close()
    admin = AIOKafkaAdminClient(bootstrap_servers=addresses.kafka)
    await admin.start()
    ours = {topic.name for topic in declared_topics()}
    try:
        if old := ours & set(await admin.list_topics()):
            await admin.delete_topics(list(old))

            async def gone() -> bool:
                return not ours & set(await admin.list_topics())

            await eventually(gone)
    finally:
        await admin.close()
