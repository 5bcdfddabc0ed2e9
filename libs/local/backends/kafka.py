"""One Apache Kafka broker and controller in one process, on loopback."""

from __future__ import annotations

import base64
import re
import shutil
import signal
import socket
import subprocess
import uuid
from collections.abc import Sequence
from pathlib import Path

from libs.local.backends.artifacts import exclusively
from libs.local.backends.errors import BackendError
from libs.local.backends.ground import User, give
from libs.local.backends.java import Java
from libs.local.backends.loops import on_own_loop
from libs.local.backends.servers import Program

META = "meta.properties"
FLAGS = (
    *("-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"),
    "-XX:+ExitOnOutOfMemoryError",
)
LOGGING = """\
rootLogger.level = INFO
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d %p %c{1} %m%n
logger.config.name = org.apache.kafka.common.config
logger.config.level = WARN
"""
SETTINGS = """\
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{broker}
controller.listener.names=CONTROLLER
controller.quorum.voters=1@127.0.0.1:{controller}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
log.retention.ms=-1
log.cleaner.dedupe.buffer.size=16777216
auto.create.topics.enable=false
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=4000
broker.heartbeat.interval.ms=1000
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def program(home: Path, jars: Sequence[Path], java: Java, *, port: int, durable: bool) -> Program:
    """The broker on `port`, its files under `home`; writes its settings."""
    settings = home / "kafka.properties"
    ports = {"broker": port, "controller": free_port()}
    settings.write_text(SETTINGS.format(data=home / "kafka", **ports))
    logging = home / "kafka.log4j2.properties"
    logging.write_text(LOGGING)
    # Native codecs unpack a library into the scratch directory; the system's would keep it.
    flags = (
        *FLAGS,
        f"-Djava.io.tmpdir={home / 'scratch'}",
        f"-Dlog4j2.configurationFile={logging}",
    )
    return Program(
        name="Kafka",
        command=(str(java.program), *flags, *_class_path(jars), "kafka.Kafka", str(settings)),
        directory=home,
        log=home / "logs" / "kafka.log",
        mark=str(home),
        # In order even where nothing need last: it takes 0.3 s, and a broker that was killed
        # waits at its next start until its own old session has timed out.
        stops=((signal.SIGTERM, 20.0 if durable else 3.0), (signal.SIGKILL, 5.0)),
    )


def prepare(home: Path, template: Path, jars: Sequence[Path], java: Java, user: User | None) -> str:
    """Make the data directory if there is none; returns its cluster id, unique to it."""
    data = home / "kafka"
    if not (data / META).exists():
        shutil.rmtree(data, ignore_errors=True)
        fresh = home / "scratch" / "kafka"
        shutil.copytree(_formatted(template, jars, java), fresh)
        meta = (fresh / META).read_text()
        meta = re.sub(r"(?m)^cluster\.id=.*$", f"cluster.id={_kafka_id()}", meta)
        meta = re.sub(r"(?m)^directory\.id=.*$", f"directory.id={_kafka_id()}", meta)
        (fresh / META).write_text(meta)
        fresh.chmod(0o700)
        give(user, fresh)
        fresh.replace(data)
    found = re.search(r"(?m)^cluster\.id=(.+)$", (data / META).read_text())
    if not found:
        raise BackendError(f"{data / META} is damaged; `make down WIPE=1` starts afresh.")
    return found[1]


def _formatted(template: Path, jars: Sequence[Path], java: Java) -> Path:
    """A freshly formatted directory, made once: formatting costs a second of every first start.

    Nothing in it but the two ids of its meta.properties tells one data directory from another.
    """
    with exclusively(template.parent):
        if template.exists():
            return template
        making = template.with_suffix(".making")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir()
        settings = making.with_suffix(".properties")
        settings.write_text(SETTINGS.format(data=making, broker=9092, controller=9093))
        tool = ("kafka.tools.StorageTool", "format", "-t", _kafka_id(), "-c", str(settings))
        told = subprocess.run(
            [java.program, *FLAGS, *_class_path(jars), *tool],
            capture_output=True,
            text=True,
            check=False,
        )
        settings.unlink()
        if told.returncode != 0:
            shutil.rmtree(making)
            raise BackendError(f"Kafka could not format its storage:\n{told.stderr[-2000:]}")
        making.replace(template)
    return template


def answers(bootstrap: str, cluster_id: str | None) -> bool:
    """Whether the broker there is up and is of that cluster (None: of any)."""
    host, port = bootstrap.rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError:
        return False
    found = on_own_loop(cluster_at(bootstrap))
    return found is not None and cluster_id in {found, None}


async def cluster_at(bootstrap: str) -> str | None:
    """The id of the cluster that answers there; None if none does yet."""
    # Imported late: while the broker boots there is time for it.
    from aiokafka.admin import AIOKafkaAdminClient
    from aiokafka.errors import KafkaError

    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=5000)
    try:
        await admin.start()
        return (await admin.describe_cluster())["cluster_id"]
    except (KafkaError, OSError):
        return None
    finally:
        await admin.close()


def _class_path(jars: Sequence[Path]) -> tuple[str, str]:
    return ("-cp", ":".join(map(str, jars)))


def _kafka_id() -> str:
    """A random id as Kafka writes it: 16 bytes in URL-safe base64, never with a leading dash."""
    while (made := base64.urlsafe_b64encode(uuid.uuid4().bytes)[:22].decode()).startswith("-"):
        pass
    return made
