"""What the import contracts cannot say about the code's shape; each rule names its exceptions and why."""

# ruff: noqa: E501
import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
APPS = ("alliance", "companies", "scenarios", "matching")
MODULE_LINES = 450  # "about 400"
TOP_LEVEL = {
    "clients",
    ".ci", ".dockerignore", ".env.example", ".github", ".gitignore", "CHANGELOG.md", "CONTRIBUTING.md", "Dockerfile", "LICENSE",
    "Makefile", "README.md", "alliance", "companies", "data", "docker", "docker-compose.yml", "docs", "locale", "manage.py", "matching",
    "pyproject.toml", "requirements-dev.lock", "requirements.lock", "scenarios", "templates", "tests",
}  # fmt: skip


def tracked(*suffixes: str) -> list[Path]:
    """Files of the project as git lists them, new ones too; without git, what lies in the folders."""
    command = ["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard", "-z"]
    try:
        names = subprocess.run(command, capture_output=True, check=True, text=True).stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):
        names = [str(path.relative_to(ROOT)) for name in TOP_LEVEL for path in (ROOT / name).rglob("*")]
    found = [ROOT / name for name in names if name and name.endswith(suffixes or ("",))]
    return [path for path in found if path.is_file()]


def modules(*parts: str) -> Iterator[tuple[str, ast.Module]]:
    """(path, tree) of the apps' modules whose path has one of these parts."""
    for path in tracked(".py"):
        name = path.relative_to(ROOT).as_posix()
        if (
            name.split("/")[0] in APPS
            and "/migrations/" not in name
            and (not parts or any(p in name for p in parts))
        ):
            yield name, ast.parse(path.read_text(encoding="utf-8"))


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def calls(node: ast.AST) -> Iterator[ast.Call]:
    return (each for each in ast.walk(node) if isinstance(each, ast.Call))


def name_of(call: ast.Call) -> str:
    """`save` of row.save(), `record` of record()."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


# --- shape ----------------------------------------------------------------------------------------
def test_contracts_are_there() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert {contract["type"] for contract in contracts} == {"layers", "forbidden"}
    inside = [contract for contract in contracts if contract.get("exhaustive")]
    assert {app for contract in inside for app in contract["containers"]} == set(APPS)
    assert any("matching.kernel" in contract.get("source_modules", ()) for contract in contracts)


def test_contracts_hold() -> None:
    linter = Path(sys.executable).parent / "lint-imports"
    found = subprocess.run([linter], cwd=ROOT, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout[-3000:]


def test_nothing_unknown_at_the_top() -> None:
    top = {path.relative_to(ROOT).parts[0] for path in tracked()}
    assert top <= TOP_LEVEL


def test_modules_are_short() -> None:
    long = {
        name: lines
        for path in tracked(".py")
        if (name := path.relative_to(ROOT).as_posix()).split("/")[0] in APPS
        and "/migrations/" not in name
        and (lines := len(path.read_text(encoding="utf-8").splitlines())) > MODULE_LINES
    }
    # Tables and frozen records of the kernel.
    exempt = {"matching/kernel/problem.py"}
    assert not long.keys() - exempt, long


def test_functions_are_short() -> None:
    """A sign to look at: the median and how many are long, not one by one."""
    lengths = {
        f"{name}:{node.name}": (node.end_lineno or 0) - node.lineno + 1
        for name, tree in modules()
        if "/kernel/" not in name and "/embedded/" not in name
        for node in functions(tree)
    }
    long = sorted(((lines, name) for name, lines in lengths.items() if lines > 35), reverse=True)
    print(f"{len(lengths)} functions, median {median(lengths.values())} lines; over 35: {long}")
    assert median(lengths.values()) <= 10
    assert len(long) <= len(lengths) * 0.03


# --- writes ---------------------------------------------------------------------------------------
WRITES = {
    "save",
    "create",
    "update",
    "delete",
    "bulk_create",
    "bulk_update",
    "get_or_create",
    "update_or_create",
}
# Derived rows, the runs' own bookkeeping and queue, and counters: nobody decided anything.
SILENT = {
    "alliance/services/geography.py": "derived; the write that causes it is recorded",
    "alliance/services/demo.py": "calls services that record",
    "matching/services/demo.py": "calls services that record, then moves what they did into the past",
    "matching/services/runs/": "claims, leases and pointers; queueing and cancelling are recorded",
    "matching/services/results/": "rows of a run",
    "matching/services/changes/": "how far the feed was read, and rows of former days that go with it",
    "alliance/services/notices/": "derived from changes: rows that tell of them, and who has read them",
    "matching/services/notices/": "what people were told of, and the day that was looked at",
    "alliance/services/webhooks/collecting.py": "messages that tell of changes",
    "alliance/services/webhooks/delivering.py": "claims and leases; each attempt has a row of its own",
    "companies/services/sheets/storing.py": "parts of `store`, which records the whole sheet",
    "companies/services/sheets/writing.py": "files, not rows",
    "matching/services/benchmark/": "people and tokens of a throw-away database",
    "matching/services/bundle/": "one row with counts and file hash for each import, by `load`",
}
SILENT_FUNCTIONS = {
    "note_use": "last use of a token",
    "note_visit": "last look at Today",
    "_store": "what an introduction opens: the step records itself",
    "plan_milestones": "part of proposing a project",
    "_replace_certificates": "part of what its caller records",
    "_send": "the outbox records what went out",
    "tell": "progress of a sheet",
    "choose_columns": "how one person looks at a list",
    "open_with": "how one person looks at a list",
    "open_plainly": "how one person looks at a list",
    "preview_demand": "rolled back",
    "note_figures": "derived once a day, nobody decided anything",
    "move_rows": "part of a merge, which its callers record",
    "_rename": "part of a merge",
    "_people_first": "part of a merge",
    "_point": "part of a merge",
    "add_deliveries": "part of a merge",
    "_move_back": "part of a merge that is undone",
    "_old_names": "part of a merge that is undone",
    "choose_alliance": "which alliance one looks at",
    "give_back": "a counter of tries",
    "remember": "an answer, kept for a day beside the effect that records itself",
    "sweep_keys": "answers older than a day",
    "_progress": "how far a job is, not what it does",
    "sweep_exports": "files whose day is over, and work that nobody ends",
    "_lines": "the order of lines, each of which records itself",
    "_accept_step": "the app's clock moves on with every sign-in",
    "_write": "rolled back",
    "_copy_lines": "part of cloning a demand, which records it",
    "_copy_parts": "part of cloning a demand, which records it",
    "_copy_need": "part of cloning a demand, which records it",
    "drop_line": "part of what its caller records",
    "_row": "part of `write_line`, whose caller records",
    "_parts": "part of `write_line`, whose caller records",
    "restore": "part of taking a bill of materials back, which records it",
    "remember_columns": "part of choosing a sheet's columns, which records it",
    "change_open": "part of a step of a sheet, which records it",
    "_put_away": "part of taking a sheet back, which records it",
    "_delete": "part of taking a sheet back, which records it",
    "as_xlsx": "a workbook in memory, for a benchmark",
    "book_bytes": "a workbook in memory",
    "everywhere": "a person of a benchmark, in a database that is thrown away",
    "_drop_others": "part of saving a bill of materials, which records it",
}


def writes(node: ast.AST) -> bool:
    """An ORM write: `X.objects….create()`, a queryset's update, a row's save."""
    for call in calls(node):
        if name_of(call) in WRITES and isinstance(call.func, ast.Attribute):
            text = ast.unparse(call.func)
            if not re.match(
                r"(hashlib|\w*hash|seen|counts|found|known|digest|self\._?\w+|words|options)\.update$", text
            ):
                return True
    return False


def test_every_write_service_records_a_change() -> None:
    silent = []
    for name, tree in modules("/services/"):
        if any(name.startswith(exempt) for exempt in SILENT) or "/generation/" in name:
            continue
        called = {node.name: {name_of(call) for call in calls(node)} for node in functions(tree)}
        recorders = {function for function, names in called.items() if "record" in names}
        for node in functions(tree):
            callers = {function for function, names in called.items() if node.name in names}
            covered = bool(called[node.name] & recorders) or (bool(callers) and callers <= recorders)
            if writes(node) and node.name not in recorders | SILENT_FUNCTIONS.keys() and not covered:
                silent.append(f"{name}:{node.name}")
    assert not silent, silent


def test_the_check_of_writes_sees_a_silent_one() -> None:
    silent = ast.parse("def f(row):\n    row.save()\n")
    told = ast.parse("def f(row):\n    row.save()\n    record('x', 'y', 'z')\n")
    assert writes(silent)
    assert not any(name_of(call) == "record" for call in calls(silent))
    assert any(name_of(call) == "record" for call in calls(told))


def test_services_know_no_request() -> None:
    for name, tree in modules("/services/", "/selectors/"):
        for node in functions(tree):
            assert "request" not in {argument.arg for argument in node.args.args}, f"{name}:{node.name}"


def test_only_services_write() -> None:
    """Surfaces and reads change no row (the session's and a form's own `save` aside)."""
    for name, tree in modules(
        "/views", "/api.py", "/api/", "/selectors/", "/filters.py", "/serializers.py", "/rest/"
    ):
        for call in calls(tree):
            text = ast.unparse(call.func)
            assert not (name_of(call) in WRITES and ".objects" in text), f"{name}: {text}"


# --- reads ----------------------------------------------------------------------------------------
def test_surfaces_read_by_visible_rows_only() -> None:
    """A view or endpoint starts from a selector or from `visible_to`; ids of visible rows may narrow it."""
    bare = []
    for name, tree in modules("/views", "/api.py", "/api/"):
        text = ast.unparse(tree)
        for match in re.finditer(r"(\w+)\.objects\.(\w+)", text):
            follows = text[match.start() : match.start() + 120]
            # A subquery of keys tells nothing by itself: the rows that it narrows are visible ones.
            key_only = re.match(r"\w+\.objects\.filter\([^()]*\)\.values\('pk'\)", follows)
            if match[2] not in ("visible_to", "editable_by", "cared_by", "mergeable_by") and not key_only:
                bare.append(f"{name}: {follows[:60]}")
    assert not bare, bare


def test_selectors_take_the_user() -> None:
    """Public selectors that read guarded rows do so for a user."""
    strangers = []
    for name, tree in modules("/selectors/"):
        for node in tree.body:
            if not isinstance(node, ast.FunctionDef) or node.name.startswith("_"):
                continue
            reads = [ast.unparse(call.func) for call in calls(node) if "visible_to" in ast.unparse(call.func)]
            if reads and "user" not in {argument.arg for argument in node.args.args}:
                strangers.append(f"{name}:{node.name}")
    assert not strangers, strangers


# --- templates and texts --------------------------------------------------------------------------
def test_templates_have_no_inline_script_or_style() -> None:
    templates = [path for path in tracked(".html") if "mock" not in path.name]
    assert len(templates) > 20
    for path in templates:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>", text), path
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=[\"']|javascript:", text), path


def test_static_scripts_and_templates_name_no_outside_host() -> None:
    for path in tracked(".html", ".js", ".css"):
        if "vendor" in path.parts:
            continue
        hosts = re.findall(r"(?:https?:)?//[\w-]+(?:\.[\w-]+)+", path.read_text(encoding="utf-8"))
        assert not [host for host in hosts if "w3.org" not in host], (path, hosts)


def test_no_lock_or_setting_names_a_package_index() -> None:
    for path in (*tracked(".lock", ".toml", ".yml", ".cfg", ".txt"), ROOT / "Makefile"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"--(?:extra-)?index-url|--find-links|trusted-host|index_url\s*=", text), path


def test_no_broad_silence() -> None:
    """An `except` that swallows everything hides defects."""
    for name, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.ExceptHandler):
                everything = node.type is None or ast.unparse(node.type) in ("Exception", "BaseException")
                silent = all(isinstance(step, ast.Pass) for step in node.body)
                assert not (everything and silent), f"{name}:{node.lineno}"
