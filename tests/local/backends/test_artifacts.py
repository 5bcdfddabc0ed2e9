"""Only locked bytes are used, however they were fetched."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from libs.local.backends import BackendError
from libs.local.backends.artifacts import (
    PLATFORMS,
    POSTGRES_GROUP,
    Artifact,
    ensure,
    kafka_jars,
    locked,
)
from libs.local.backends.fetching import mirror_of_central, proxy_flags

CONTENT = b"a jar"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


def settings_with_mirror(home: Path, url: str) -> Path:
    path = home / ".m2" / "settings.xml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(
        '<settings xmlns="http://maven.apache.org/SETTINGS/1.2.0"><mirrors><mirror>'
        f"<id>ours</id><mirrorOf>*,!releases</mirrorOf><url>{url}/</url>"
        "</mirror></mirrors></settings>"
    )
    return path


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A repository on loopback with one jar, named by the user's Maven settings; no `mvn`."""
    jar = tmp_path / "repository" / "org" / "example" / "thing" / "1.0" / "thing-1.0.jar"
    jar.parent.mkdir(parents=True)
    jar.write_bytes(CONTENT)
    handler = partial(Quiet, directory=str(tmp_path / "repository"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        settings_with_mirror(tmp_path, url)
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("PATH", "/nowhere")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        yield url
        server.shutdown()


def test_a_locked_file_is_fetched_from_the_users_mirror(mirror: str, tmp_path: Path) -> None:
    wanted = Artifact("org.example:thing:1.0", SHA256, len(CONTENT))
    [path] = ensure([wanted], tmp_path / "cache", progress=False)
    assert path.read_bytes() == CONTENT
    assert sorted(p.name for p in path.parent.iterdir()) == [".lock", "thing-1.0.jar"]


def test_two_that_need_a_file_at_once_fetch_it_once(
    mirror: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = Artifact("org.example:thing:1.0", SHA256, len(CONTENT))
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(ensure, [wanted], tmp_path / "cache", progress=True) for _ in range(2)]
    assert both[0].result() == both[1].result()
    assert capsys.readouterr().err.count("Fetching") == 1


def test_other_bytes_than_the_locked_are_refused_and_not_kept(mirror: str, tmp_path: Path) -> None:
    wanted = Artifact("org.example:thing:1.0", "0" * 64, len(CONTENT))
    with pytest.raises(BackendError, match=r"checksum mismatch: org\.example:thing:1\.0"):
        ensure([wanted], tmp_path / "cache", progress=False)
    assert [p.name for p in (tmp_path / "cache").iterdir()] == [".lock"]


def test_without_a_network_the_message_names_the_ways_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings_with_mirror(tmp_path, "http://127.0.0.1:9")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    wanted = Artifact("org.example:thing:1.0", SHA256, len(CONTENT))
    with pytest.raises(BackendError, match=r"(?s)Check the network.*MAINSTAY_ARTIFACTS"):
        ensure([wanted], tmp_path / "cache", progress=False)


def test_the_lock_covers_the_broker_and_every_platform() -> None:
    named = [artifact.coordinate for artifact in locked()]
    assert len(named) == len(set(named))
    assert all(len(artifact.sha256) == 64 for artifact in locked())
    for platform in PLATFORMS.values():
        prefix = f"{POSTGRES_GROUP}:embedded-postgres-binaries-{platform}:18."
        assert any(coordinate.startswith(prefix) for coordinate in named)
    jars = {artifact.filename for artifact in kafka_jars()}
    assert {"kafka_2.13-4.3.1.jar", "log4j-slf4j-impl-2.25.5.jar"} <= jars
    assert not any("postgres" in jar for jar in jars)


def test_a_mirror_that_excludes_the_central_repository_is_not_used(tmp_path: Path) -> None:
    settings = settings_with_mirror(tmp_path, "http://127.0.0.1:9")
    settings.write_text(settings.read_text().replace("!releases", "!central"))
    assert mirror_of_central(settings) is None


def test_maven_is_told_of_the_environments_proxy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    environ = {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "localhost,.internal"}
    assert proxy_flags(environ) == [
        "-Dhttps.proxyHost=proxy",
        "-Dhttps.proxyPort=3128",
        "-Dhttp.nonProxyHosts=localhost|*.internal",
    ]
