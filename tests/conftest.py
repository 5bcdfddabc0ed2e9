"""The backends are chosen once: addresses in the environment, Docker, or native processes."""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from xdist.scheduler.loadscope import LoadScopeScheduling

from libs.events.transport.database import open_pool
from libs.service.operators import Operators
from libs.service.process import load_service
from tests.databases import Databases
from tests.harness import OPERATORS, Harness

KAFKA, POSTGRES, NAME = "MAINSTAY_TEST_KAFKA", "MAINSTAY_TEST_POSTGRES", "MAINSTAY_TEST_BACKEND"


class Addresses(NamedTuple):
    """Where this run's Kafka and PostgreSQL (as a superuser) answer."""

    kafka: str
    postgres: str


_stack = ExitStack()


def _start() -> Addresses:
    """Start the backends once, for this process and the workers that it starts."""
    if KAFKA not in os.environ:
        from libs.local.backends import choose, running

        data = Path(tempfile.mkdtemp(prefix="mainstay-tests-"))
        data.chmod(0o755)  # the servers run as another user where we are root
        choice = choose(os.environ, purpose="test")
        _stack.callback(shutil.rmtree, data, ignore_errors=True)
        backends = _stack.enter_context(running(data, choice, durable=False))
        os.environ |= {KAFKA: backends.kafka, POSTGRES: backends.postgres, NAME: backends.name}
        atexit.register(_stack.close)
    return Addresses(os.environ[KAFKA], os.environ[POSTGRES])


def pytest_configure(config: pytest.Config) -> None:
    """With several workers, start the backends before them, so that they share one."""
    if config.getoption("numprocesses", None) and not hasattr(config, "workerinput"):
        _start()


PROPERTY_SECONDS = 600
"""For a property test: many tests in one. Hypothesis takes the time limit for a failing example and
replays it; what then goes on drawing is reported as "inconsistent data generation"."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        made_of: object = getattr(item, "obj", None)
        if getattr(made_of, "is_hypothesis_test", False):
            item.add_marker(pytest.mark.timeout(PROPERTY_SECONDS), append=False)


class _ByFile(LoadScopeScheduling):
    """A file's tests go to one worker, and all journeys to one: they share a platform."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "tests/journeys" if file.startswith("tests/journeys/") else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _ByFile:
    return _ByFile(config, log)


def pytest_report_header() -> str:
    return f"backend: {os.environ.get(NAME, 'started with the first test that needs it')}"


@pytest.fixture(scope="session")
def addresses() -> Addresses:
    return _start()


@pytest.fixture(scope="session")
async def databases(addresses: Addresses) -> AsyncIterator[Databases]:
    made = Databases(addresses.postgres)
    yield made
    await made.drop_templates()


MakeHarness = Callable[[str], Awaitable[Harness]]


@pytest.fixture
async def service_harness(databases: Databases) -> AsyncIterator[MakeHarness]:
    """Makes a harness for a service by name, on a fresh database."""
    async with AsyncExitStack() as stack:
        operators = await _operators(stack)

        async def make(name: str) -> Harness:
            dsn = await stack.enter_async_context(databases.clone(name))
            pool = await open_pool(dsn, name=name)
            stack.push_async_callback(pool.close)
            return Harness(load_service(name), pool, dsn, operators)

        yield make


async def _operators(stack: AsyncExitStack) -> Operators:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    entries = [
        {**known, "key_sha256": hashlib.sha256(key.encode()).hexdigest()}
        for known, key in OPERATORS
    ]
    (folder / "operators.json").write_text(json.dumps(entries))
    return Operators.load(folder / "operators.json")
