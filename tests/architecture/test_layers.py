"""The shape of the code, as tests: layers, sizes, jobs, settings, texts."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.core.management import call_command

from tests.clauses import promises
from tests.environment import ROOT
from tillit.env import Env

SOURCES = sorted((ROOT / "tillit").rglob("*.py"))
OWN = [path for path in SOURCES if "migrations" not in path.parts]


def tracked() -> list[Path]:
    """Every file that is, or could be, committed."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\n")
    return [ROOT / name for name in listed if name and (ROOT / name).is_file()]


def test_imports_point_downwards():
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_every_table_and_field_is_declared():
    assert [str(found) for found in run_checks() if found.id.startswith("tillit.")] == []


@pytest.mark.parametrize("path", OWN, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_stay_short(path):
    assert len(path.read_text().splitlines()) <= 400


@pytest.mark.django_db(databases=["default", "owner"])
def test_no_migration_is_missing():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_each_app_has_one_migration_head():
    from django.db.migrations.loader import MigrationLoader

    assert MigrationLoader(None).detect_conflicts() == {}


def test_every_setting_is_documented():
    documented = (ROOT / "docs" / "settings.md").read_text()
    missing = [name for name in Env.model_fields if f"`TILLIT_{name.upper()}`" not in documented]
    assert missing == []
    named = set(re.findall(r"`TILLIT_([A-Z_]+)`", documented))
    assert named <= {name.upper() for name in Env.model_fields}


def test_no_registry_host_is_named():
    hosts = ["pypi" + ".org", "pythonhosted" + ".org", "npmjs" + ".org", "npmjs" + ".com", "debian" + ".org"]
    found = [
        f"{path.relative_to(ROOT)}: {host}"
        for path in tracked()
        if path.suffix not in {".png", ".woff2", ".ico"}
        for host in hosts
        if host in path.read_text(errors="replace")
    ]
    assert found == []


def task_functions() -> Iterator[tuple[Path, ast.FunctionDef]]:
    for path in (ROOT / "tillit").glob("*/tasks.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield path, node


def test_jobs_are_shells_around_an_action():
    long = [
        f"{path}:{node.name}" for path, node in task_functions() if sum(not _is_doc(part) for part in node.body) > 5
    ]
    assert long == []


def _is_doc(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def test_every_job_module_is_loaded_by_the_worker():
    from tillit.conf.jobs import TASK_MODULES

    found = {f"tillit.{path.parent.name}.tasks" for path, _ in task_functions()}
    assert found <= set(TASK_MODULES)


# Reads that may go round the join with the permitted persons, each with its reason.
ROUND_THE_PERSON = {
    "people/actions.py": "finds the tombstone, which has no person",
    "rights/holdings.py": "a copy holds what lies under the id of a record that went into the person's, too",
}


def test_reads_of_persons_rows_join_the_person():
    found = {
        str(path.relative_to(ROOT / "tillit"))
        for path in OWN
        if re.search(r"\.everyone\b|\._base_manager\b|\.unscoped\b", path.read_text()) and path.name != "models.py"
    }
    assert found <= set(ROUND_THE_PERSON), "say why in ROUND_THE_PERSON, or read through the default manager"


def test_clause_ids_are_known():
    used = {
        clause
        for path in (ROOT / "tests").rglob("test_*.py")
        for group in re.findall(r"mark\.clause\(([^)]*)\)", path.read_text())
        for clause in re.findall(r"\"([A-Z]\d+)\"", group)
    }
    assert used <= set(promises())
    assert len(used) >= 10


def test_no_own_signal_receivers():
    assert [path for path in OWN if "@receiver" in path.read_text()] == []


def test_every_act_has_words():
    from tillit.console.activities import ACTS

    acts = {
        act
        for path in OWN
        for act in re.findall(r"""(?:\bact=|^ACT = )"([a-z_.-]+)\"""", path.read_text(), flags=re.MULTILINE)
    }
    assert len(acts) > 30
    assert acts - set(ACTS) == set(), "the ledger's page would show these by their bare names"
