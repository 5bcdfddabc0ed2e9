"""Fetches locked files by Maven coordinate: with `mvn` where it is installed, else with jgo.

Neither is asked to resolve anything: both get the exact list of the lock, and the caller checks
the SHA-256 of every file. Maven reads the user's own settings (mirrors, proxies, credentials);
for jgo the mirror is taken from the same settings file, and proxies and certificate
authorities from the environment as usual (HTTPS_PROXY, SSL_CERT_FILE, REQUESTS_CA_BUNDLE).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from libs.local.backends.artifacts import Artifact
from libs.local.backends.errors import BackendError
from libs.local.backends.progress import Advance, downloading, say

CENTRAL = "central"
"""Maven's name for the repository everything here comes from."""
TRIES = 3


def fetch(wanted: Sequence[Artifact], into: Path, *, progress: bool) -> None:
    """Put every wanted file into `into`, unverified.

    Raises:
        BackendError: neither way worked; says how each failed.
    """
    total = sum(artifact.size_bytes for artifact in wanted)
    what = f"{len(wanted)} files of Kafka and PostgreSQL"
    failures: list[str] = []
    with downloading(what, total, progress=progress) as advance:
        if maven := shutil.which("mvn"):
            try:
                return _with_maven(maven, wanted, into, advance)
            except _FetchError as failure:
                failures.append(f"Maven: {failure}")
                say("Maven could not fetch them; trying without it …", progress=progress)
        try:
            return _with_jgo(wanted, into, advance)
        except _FetchError as failure:
            failures.append(f"download: {failure}")
    raise BackendError(
        f"could not fetch {what}. Check the network, the proxy (HTTPS_PROXY) and the mirror "
        "(~/.m2/settings.xml), or copy .local/artifacts from a machine that has them and point "
        "MAINSTAY_ARTIFACTS at it.\n  " + "\n  ".join(failures)
    )


class _FetchError(Exception):
    """One way of fetching failed; another may work."""


def _with_maven(maven: str, wanted: Sequence[Artifact], into: Path, advance: Advance) -> None:
    pom = into / "fetch.pom.xml"
    pom.write_text(_copying_pom(wanted, into))
    command = [maven, "-B", "-f", str(pom), *proxy_flags(os.environ), "dependency:copy"]
    sizes = {artifact.filename: artifact.size_bytes for artifact in wanted}
    tail: list[str] = []
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            tail = [*tail[-3:], line.strip()] if "ERROR" in line else tail
            if line.startswith(("Downloaded ", "[INFO] Downloaded ")):
                advance(next((size for name, size in sizes.items() if name in line), 0))
    pom.unlink()
    missing = [name for name in sizes if not (into / name).exists()]
    if process.returncode != 0 or missing:
        raise _FetchError(" ".join(tail) or f"no {', '.join(missing[:3])}")


def _copying_pom(wanted: Sequence[Artifact], into: Path) -> str:
    items = "".join(
        "<artifactItem><groupId>{}</groupId><artifactId>{}</artifactId>"
        "<version>{}</version></artifactItem>".format(*artifact.coordinate.split(":"))
        for artifact in wanted
    )
    return (
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        "<groupId>mainstay</groupId><artifactId>fetch</artifactId><version>1</version>"
        "<packaging>pom</packaging><build><plugins><plugin>"
        "<groupId>org.apache.maven.plugins</groupId>"
        "<artifactId>maven-dependency-plugin</artifactId><configuration>"
        f"<artifactItems>{items}</artifactItems><outputDirectory>{into}</outputDirectory>"
        "</configuration></plugin></plugins></build></project>"
    )


def proxy_flags(environ: Mapping[str, str]) -> list[str]:
    """Java does not read HTTPS_PROXY; Maven is told, unless the user's settings name a proxy."""
    proxy = environ.get("HTTPS_PROXY") or environ.get("https_proxy")
    if not proxy or _settings_have("proxy/host"):
        return []
    address = urlsplit(proxy)
    flags = [f"-Dhttps.proxyHost={address.hostname}", f"-Dhttps.proxyPort={address.port or 80}"]
    if direct := environ.get("NO_PROXY") or environ.get("no_proxy"):
        hosts = (host.strip() for host in direct.split(","))
        flags.append(
            "-Dhttp.nonProxyHosts=" + "|".join(f"*{h}" if h[:1] == "." else h for h in hosts)
        )
    return flags


def _with_jgo(wanted: Sequence[Artifact], into: Path, advance: Advance) -> None:
    from jgo.maven import MavenContext, PythonResolver

    mirror = mirror_of_central()
    context = MavenContext(
        resolver=PythonResolver(),
        repo_cache=into / "jgo",
        local_repos=[],
        remote_repos={CENTRAL: mirror} if mirror else None,
        timeout=60,
    )

    def download(artifact: Artifact) -> None:
        group, name, version = artifact.coordinate.split(":")
        target = context.project(group, name).at_version(version).artifact()
        for attempt in range(1, TRIES + 1):
            try:
                path = context.resolver.download(target)
                break
            # requests' errors are OSErrors; jgo says RuntimeError where no repository has it.
            except (OSError, RuntimeError) as failure:
                if target.cached_path:
                    target.cached_path.unlink(missing_ok=True)
                if attempt == TRIES:
                    raise _FetchError(f"{artifact.coordinate}: {failure}") from failure
        else:
            raise _FetchError(artifact.coordinate)
        assert path is not None
        path.replace(into / artifact.filename)
        advance(artifact.size_bytes)

    with _certificates_for_requests(), ThreadPoolExecutor(8) as pool:
        list(pool.map(download, sorted(wanted, key=lambda a: -a.size_bytes)))


@contextmanager
def _certificates_for_requests() -> Iterator[None]:
    """OpenSSL's SSL_CERT_FILE is what most tools read; requests reads only its own variable."""
    bundle = os.environ.get("SSL_CERT_FILE")
    if not bundle or {"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"} & os.environ.keys():
        yield
        return
    os.environ["REQUESTS_CA_BUNDLE"] = bundle
    try:
        yield
    finally:
        del os.environ["REQUESTS_CA_BUNDLE"]


def mirror_of_central(settings: Path | None = None) -> str | None:
    """The address the user's Maven settings put in the place of the central repository."""
    for mirror in _settings(settings).iterfind("mirrors/mirror"):
        covers = (mirror.findtext("mirrorOf") or "").replace(" ", "").split(",")
        excluded = f"!{CENTRAL}" in covers
        if not excluded and {"*", "external:*", CENTRAL} & set(covers):
            return (mirror.findtext("url") or "").rstrip("/") or None
    return None


def _settings_have(element: str) -> bool:
    return _settings().find(f"proxies/{element}") is not None


def _settings(path: Path | None = None) -> ET.Element:
    path = path or Path.home() / ".m2" / "settings.xml"
    try:
        root = ET.fromstring(path.read_text())
    except (OSError, ET.ParseError):
        return ET.Element("settings")
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root
