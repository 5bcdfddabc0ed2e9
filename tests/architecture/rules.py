"""Rules that linters cannot say: each looks at a tree and names what breaks it."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
MOST_LINES = 300

# `practice` is the tenant and `provider` an OpenTelemetry word; the mechanism may say both.
_NOUNS = (
    "claim", "patient", "encounter", "payer", "remittance", "invoice", "appointment", "clinician",
    "diagnosis", "charge", "ledger", "employee", "referral",
)  # fmt: skip
DOMAIN_NOUNS = re.compile(  # as a word, and as a part of snake_case and CamelCase
    "|".join(
        rf"(?<![A-Za-z])(?i:{noun})s?(?![a-z])|(?<=[a-z]){noun.title()}s?(?![a-z])"
        for noun in _NOUNS
    )
)

Rule = Callable[[Path], Iterator[str]]


def _modules(root: Path, *folders: str, kind: str = "py") -> Iterator[tuple[Path, str]]:
    for folder in folders:
        for path in sorted((root / folder).rglob(f"*.{kind}")):
            yield path.relative_to(root), path.read_text()


def transport_holds_no_domain_noun(root: Path) -> Iterator[str]:
    """Neither code nor comments nor SQL: an example in its words would be the first one in."""
    for kind in ("py", "sql"):
        for path, text in _modules(root, "libs/events/transport", kind=kind):
            for found in DOMAIN_NOUNS.finditer(text):
                yield f"{path}: {found.group()}"


def broad_except_only_in_transport_and_local(root: Path) -> Iterator[str]:
    allowed = ("libs/events/transport", "libs/local")
    for path, text in _modules(root, "libs", "services"):
        if str(path).startswith(allowed):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ExceptHandler) and _is_broad(node.type):
                yield f"{path}:{node.lineno}"


def _is_broad(kind: ast.expr | None) -> bool:
    if isinstance(kind, ast.Tuple):
        return any(_is_broad(one) for one in kind.elts)
    name = kind.attr if isinstance(kind, ast.Attribute) else getattr(kind, "id", None)
    return kind is None or name in ("Exception", "BaseException")


def routes_take_the_unit_of_work_by_its_alias(root: Path) -> Iterator[str]:
    """`Depends(open_uow)` without its scope would answer before the commit."""
    for path, text in _modules(root, "libs", "services"):
        if "Depends(open_uow" in text and path != Path("libs/service/http.py"):
            yield str(path)


def acknowledgement_is_set_in_one_place(root: Path) -> Iterator[str]:
    for path, text in _modules(root, "libs", "services"):
        if "AckPolicy" in text and path != Path("libs/events/transport/consumer.py"):
            yield str(path)


def producers_are_made_in_one_place(root: Path) -> Iterator[str]:
    """Their defaults lose and double: acks=1, no idempotence. Transport sets them once."""
    made = re.compile(r"\b(AIOKafkaProducer|KafkaPublisher)\(|\.publisher\(")
    making = [path for path, text in _modules(root, "libs", "services") if made.search(text)]
    in_transport = [path for path in making if path.is_relative_to("libs/events/transport")]
    yield from map(str, in_transport[1:])
    yield from (str(path) for path in making if path not in in_transport)


_CLOCKS = re.compile(
    r"\b(datetime\.(now|utcnow|today)|date\.today|time\.time(_ns)?"
    r"|from time import|SystemClock)\b"
)
_SQL_CLOCKS = re.compile(
    r"(?<![.\w])now\(\)|\b(clock|statement|transaction)_timestamp\(|\bCURRENT_(DATE|TIME\w*)\b",
    re.IGNORECASE,
)


def services_never_read_the_clock(root: Path) -> Iterator[str]:
    """Neither Python's nor the database's: `uow.now` and `work.now()` are the injected one.

    A span between two readings of `time.monotonic` is no time of day.
    """
    for path, text in _modules(root, "services"):
        for clock in (_CLOCKS, _SQL_CLOCKS):
            for found in clock.finditer(text):
                yield f"{path}: {found.group()}"
    for path, text in _modules(root, "services", kind="sql"):
        for found in _SQL_CLOCKS.finditer(text):
            yield f"{path}: {found.group()}"


def services_never_commit(root: Path) -> Iterator[str]:
    """A transaction of one's own would part the state from its events."""
    for path, text in _modules(root, "services"):
        for line in text.splitlines():
            found = re.search(r"\.transaction\(|\bCOMMIT\b|create_pool|asyncpg\.connect", line)
            if found and "# a savepoint" not in line:
                yield f"{path}: {found.group()}"


def files_fit_a_readers_head(root: Path) -> Iterator[str]:
    for path, text in _modules(root, "libs", "services", "tests", "deploy"):
        if text.count("\n") > MOST_LINES:
            yield f"{path}: {text.count(chr(10))} lines"


def every_service_has_a_readme_and_migrations(root: Path) -> Iterator[str]:
    for app in sorted((root / "services").glob("*/app.py")):
        if not (app.parent / "README.md").exists():
            yield f"{app.parent.name}: README.md"
        if not list((app.parent / "migrations").glob("*.sql")):
            yield f"{app.parent.name}: migrations"


RULES: tuple[Rule, ...] = (
    transport_holds_no_domain_noun,
    broad_except_only_in_transport_and_local,
    routes_take_the_unit_of_work_by_its_alias,
    acknowledgement_is_set_in_one_place,
    producers_are_made_in_one_place,
    services_never_read_the_clock,
    services_never_commit,
    files_fit_a_readers_head,
    every_service_has_a_readme_and_migrations,
)
