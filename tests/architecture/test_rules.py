"""The rules hold, and each of them finds what it is there to find."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from libs.service.process import service_names
from tests.architecture import rules
from tests.architecture.rules import ROOT, RULES, Rule


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_tree_keeps_the_rule(rule: Rule) -> None:
    assert list(rule(ROOT)) == []


def catching(what: str) -> str:
    return f"try:\n    pass\nexcept{what}:\n    pass\n"


TRANSPORT, SERVICE = "libs/events/transport/x.py", "services/x/y.py"
BREAKS: tuple[tuple[Rule, str, str], ...] = (
    (rules.transport_holds_no_domain_noun, TRANSPORT, "claim = 1\n"),
    (rules.transport_holds_no_domain_noun, TRANSPORT, "row.claim_id\n"),
    (rules.transport_holds_no_domain_noun, TRANSPORT, "class ClaimsPaid: ...\n"),
    (rules.transport_holds_no_domain_noun, TRANSPORT, "# as for a PATIENT\n"),
    (rules.transport_holds_no_domain_noun, "libs/events/transport/m/1.sql", "open_encounters\n"),
    (rules.broad_except_only_in_transport_and_local, SERVICE, catching(" Exception")),
    (rules.broad_except_only_in_transport_and_local, SERVICE, catching(" (OSError, Exception)")),
    (rules.broad_except_only_in_transport_and_local, "libs/cli/y.py", catching(" b.BaseException")),
    (rules.broad_except_only_in_transport_and_local, "libs/service/y.py", catching("")),
    (rules.routes_take_the_unit_of_work_by_its_alias, SERVICE, "uow = Depends(open_uow)\n"),
    (rules.acknowledgement_is_set_in_one_place, SERVICE, "from f import AckPolicy\n"),
    (rules.acknowledgement_is_set_in_one_place, TRANSPORT, "ack = AckPolicy.ACK\n"),
    (rules.producers_are_made_in_one_place, SERVICE, "producer = AIOKafkaProducer()\n"),
    (rules.producers_are_made_in_one_place, "libs/cli/y.py", "@broker.publisher('topic')\n"),
    (rules.services_never_read_the_clock, SERVICE, "now = datetime.now(UTC)\n"),
    (rules.services_never_read_the_clock, SERVICE, "field(default_factory=datetime.utcnow)\n"),
    (rules.services_never_read_the_clock, SERVICE, "now = time.time()\n"),
    (rules.services_never_read_the_clock, SERVICE, "from time import time\n"),
    (rules.services_never_read_the_clock, SERVICE, "Q = 'WHERE due_at < now()'\n"),
    (rules.services_never_read_the_clock, "services/x/m/1.sql", "on date DEFAULT current_date\n"),
    (rules.services_never_commit, SERVICE, "async with db.transaction():\n    pass\n"),
    (rules.files_fit_a_readers_head, SERVICE, "x = 1\n" * 301),
    (rules.files_fit_a_readers_head, "deploy/y.py", "x = 1\n" * 301),
    (rules.every_service_has_a_readme_and_migrations, "services/x/app.py", "service = 1\n"),
)


@pytest.mark.parametrize(
    ("rule", "path", "text"), BREAKS, ids=[f"{r.__name__}-{t[:40]!r}" for r, _, t in BREAKS]
)
def test_breaking_the_rule_is_found(rule: Rule, path: str, text: str, tmp_path: Path) -> None:
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_text(text)
    assert list(rule(tmp_path))


def test_every_rule_is_proven_by_a_break() -> None:
    assert {rule for rule, _, _ in BREAKS} == set(RULES)


ALLOWED: tuple[tuple[Rule, str, str], ...] = (
    (rules.transport_holds_no_domain_noun, TRANSPORT, "reclaimed = disclaimer = recharge = 1\n"),
    (rules.broad_except_only_in_transport_and_local, TRANSPORT, catching(" Exception")),
    (rules.broad_except_only_in_transport_and_local, SERVICE, catching(" ValueError")),
    (rules.services_never_read_the_clock, SERVICE, "at = uow.now or work.now()\n"),
    (rules.services_never_read_the_clock, SERVICE, "since = time.monotonic()\n"),
    (rules.files_fit_a_readers_head, SERVICE, "x = 1\n" * 300),
)


@pytest.mark.parametrize(
    ("rule", "path", "text"), ALLOWED, ids=[f"{r.__name__}-{t[:40]!r}" for r, _, t in ALLOWED]
)
def test_what_the_rule_allows_is_left_alone(
    rule: Rule, path: str, text: str, tmp_path: Path
) -> None:
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_text(text)
    assert list(rule(tmp_path)) == []


IMPORTS = (
    ("Services are independent", "services/billing/breaks.py", "import services.payroll.app\n"),
    ("Contracts do no I/O", "libs/events/contracts/breaks.py", "import asyncpg\n"),
    ("Libraries never import services", "libs/service/breaks.py", "import services.billing.app\n"),
    ("The mechanism knows nothing of HTTP", "libs/events/transport/breaks.py", "import fastapi\n"),
    ("Models decide", "services/billing/ledger/model.py", "import asyncpg\n"),
    ("Services see no Kafka client", "services/billing/breaks.py", "import aiokafka\n"),
    ("Services are independent", "services/eighth/app.py", "import services.payroll.app\n"),
)


@pytest.fixture(scope="module")
def copied_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tree = tmp_path_factory.mktemp("tree")
    skip = shutil.ignore_patterns("__pycache__", "static", "schemas")
    for folder in ("libs", "services"):
        shutil.copytree(ROOT / folder, tree / folder, ignore=skip)
    shutil.copy(ROOT / "pyproject.toml", tree)
    return tree


def _lint_imports(tree: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    return subprocess.run(command, cwd=tree, capture_output=True, text=True)


def test_imports_keep_their_contracts(copied_tree: Path) -> None:
    done = _lint_imports(copied_tree)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("contract", "path", "text"), IMPORTS, ids=[f"{c}-{p}" for c, p, _ in IMPORTS]
)
def test_breaking_an_import_contract_is_found(
    contract: str, path: str, text: str, copied_tree: Path
) -> None:
    """An eighth service is covered too, without an edit anywhere."""
    file = copied_tree / path
    before = file.read_text() if file.exists() else None
    file.parent.mkdir(exist_ok=True)
    made = [p for p in (file, file.parent / "__init__.py") if not p.exists()]
    (file.parent / "__init__.py").touch()
    file.write_text((before or "") + "\n" + text)
    try:
        done = _lint_imports(copied_tree)
    finally:
        if before is not None:
            file.write_text(before)
        for path_made in made:
            path_made.unlink(missing_ok=True)
    assert done.returncode == 1
    broken = [line for line in done.stdout.splitlines() if line.endswith("BROKEN")]
    assert any(line.startswith(contract) for line in broken), done.stdout


def test_every_import_contract_is_proven_by_a_break() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    names = [contract["name"] for contract in project["tool"]["importlinter"]["contracts"]]
    assert names
    assert [n for n in names if not any(n.startswith(begun) for begun, _, _ in IMPORTS)] == []


def test_an_eighth_service_is_found_by_its_folder(tmp_path: Path) -> None:
    (tmp_path / "eighth").mkdir()
    (tmp_path / "eighth" / "app.py").write_text("")
    assert service_names(tmp_path) == ["eighth"]
