"""Rules of the house: where files lie, what they are called, how long they are and what they may import."""

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src/prefclip"
LONGEST_SOURCE, LONGEST_TEST = 350, 400  # lines

# Data flows one way: a package imports only from the left of it.
FLOW = ("datasets", "attacks", "preferences", "training", "evaluation", "explain", "reporting")
# Tools of the later stages: pure losses and computed weights, and the formats and names of weights.
TOOLS = ("objectives", "methods", "models")
TOOL_USERS = FLOW[FLOW.index("training") :]
# Around the stages: each knows the packages named here, and only commands and the workflow know them.
AROUND = {"lineage": {"datasets", "steps"}, "preflight": {"datasets", "models"}}
COMMANDS = ("steps", "cli")
# Modules at the root that any package may import; of each other only from the left.
ROOT_MODULES = ("errors", "leaves", "parameters", "seeds", "files", "fonts", "table", "switches", "policies")
ROOT_MODULES += ("config", "run")
# Modules of `run` that only name files and jobs; the steps are commands.
NAMES_OF_A_RUN = ("__init__", "files", "plan")
# What they need of packages: names and ranges, no work.
ROOT_MODULES_NEED = {"config": {"objectives", "methods"}, "run": {"datasets"}}
VAGUE_NAMES = ("utils", "util", "helpers", "helper", "common", "misc", "tools", "stuff", "lib", "base")
# What the files of its folder are made of.
NAMED_AFTER_THEIR_FOLDER = ("src/prefclip/objectives/base.py",)


def tracked() -> list[Path]:
    """Files that are or will be in the repository."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        run = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    names = sorted(filter(None, run.stdout.decode().split("\0")))
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def text_of(path: Path) -> str | None:
    """The text of a file, None if it is binary."""
    content = path.read_bytes()
    try:
        return None if b"\0" in content else content.decode("utf-8")
    except UnicodeDecodeError:
        return None


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def part_of(path: Path) -> str:
    """The package, or the module at the root, that a source file belongs to; of `run`, its names or its steps."""
    return part_named(".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts))


def part_named(module: str) -> str:
    """The part that a dotted name of prefclip belongs to."""
    _, part, *below = module.split(".")
    return "steps" if part == "run" and below and below[0] not in NAMES_OF_A_RUN else part


@cache
def imported_names(path: Path) -> frozenset[str]:
    """Every dotted name that a file imports anywhere, inside functions too, but not for type checkers alone."""
    found, todo = set(), [ast.parse(path.read_text(encoding="utf-8"))]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            todo += node.orelse
            continue
        todo += ast.iter_child_nodes(node)
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = path.relative_to(PACKAGE.parent).parent.parts
                base = ".".join((*package[: len(package) - node.level + 1], *filter(None, [node.module])))
            found |= {f"{base}.{alias.name}" for alias in node.names}
    return frozenset(found)


def imported_parts(path: Path) -> set[str]:
    """Parts of prefclip that a file imports."""
    return {part_named(name) for name in imported_names(path) if name.startswith("prefclip.")} & parts()


def module_graph() -> dict[str, set[str]]:
    """The modules of prefclip, each with those that it imports by their own names."""
    modules = {".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts): path for path in sources()}
    modules = {name.removesuffix(".__init__"): path for name, path in modules.items()}

    def module_of(name: str) -> str | None:
        return next((each for each in (name, name.rpartition(".")[0]) if each in modules), None)

    graph = {name: {module_of(each) for each in imported_names(path)} for name, path in modules.items()}
    return {name: imported - {None, name} for name, imported in graph.items()}


def reached(graph: dict[str, set[str]], start: str) -> set[str]:
    """All modules that ``start`` imports, directly or through others; itself where there is a circle."""
    found, todo = set(), [start]
    while todo:
        further = graph[todo.pop()] - found
        found |= further
        todo += further
    return found


def parts() -> set[str]:
    return {part_of(path) for path in sources()} - {"__init__"}


def allowed_imports(part: str) -> set[str]:
    if part in COMMANDS:
        return parts() - {"cli"}
    if part in ROOT_MODULES:
        return {part, *ROOT_MODULES[: ROOT_MODULES.index(part)], *ROOT_MODULES_NEED.get(part, ())}
    left = set(FLOW[: FLOW.index(part)]) if part in FLOW else AROUND.get(part, set())
    return {part, *ROOT_MODULES, *left, *(TOOLS if part in TOOL_USERS else ())}


def test_every_part_has_its_place():
    known = {*FLOW, *TOOLS, *AROUND, *COMMANDS, *ROOT_MODULES}
    assert parts() - known == set(), "say in FLOW, TOOLS, AROUND or ROOT_MODULES where it stands"


@pytest.mark.parametrize("part", sorted(parts()))
def test_imports_come_from_the_left(part):
    wrong = {
        f"{path.relative_to(ROOT)} imports {other}"
        for path in sources()
        if part_of(path) == part
        for other in imported_parts(path) - allowed_imports(part)
    }
    assert wrong == set()


def test_no_import_goes_in_a_circle():
    graph = module_graph()
    assert {"prefclip.config.experiment", "prefclip.errors"} <= reached(graph, "prefclip.run.files")
    assert [name for name in sorted(graph) if name in reached(graph, name)] == []


def test_a_circle_is_seen():
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b"}}
    assert [name for name in graph if name in reached(graph, name)] == ["b", "c"]


READERS_OF_TEXT = ("prefclip.config.reading", "prefclip.config.readme")


def test_what_is_computed_depends_on_no_wording():
    """Commands read and check configurations, and the report alone says what their keys mean."""
    # The ledger is a text of its own, refused in the same words.
    graph = module_graph() | {"prefclip.reporting.claims.ledger": set()}
    assert "prefclip.config.messages" in reached(graph, "prefclip.config.reading")
    for name in graph:
        part = part_named(name) if "." in name else ""
        if part in {*FLOW, *TOOLS, *ROOT_MODULES} and name not in READERS_OF_TEXT:
            wording = {"prefclip.config.messages", *(("prefclip.config.overview",) if part != "reporting" else ())}
            assert not wording & reached(graph, name), name


def test_configurations_are_checked_without_torch():
    """Each `snakemake` and each command starts with that check."""
    code = (
        "import sys, prefclip.cli, prefclip.run.files; from prefclip.config import check_config; "
        "check_config({'methods': {'dpo': {'objective': 'dpo'}}}, 'test'); "
        "sys.exit(bool({'torch', 'pandas', 'pyarrow'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_imports_are_seen():
    """The test above would say nothing if it overlooked imports."""
    assert {"datasets", "seeds", "files"} <= imported_parts(PACKAGE / "attacks/synthesis.py")
    assert {"training", "run", "steps"} <= imported_parts(PACKAGE / "run/steps/train.py")
    assert "datasets" in imported_parts(PACKAGE / "run/files.py")  # inside a method


def test_names_say_what_is_in_a_file():
    vague = [path for path in tracked() if path.stem in VAGUE_NAMES or path.parent.name in VAGUE_NAMES]
    assert {str(path.relative_to(ROOT)) for path in vague} <= {*NAMED_AFTER_THEIR_FOLDER}


def test_files_are_short():
    long = {}
    for path in tracked():
        if path.suffix in (".py", ".smk"):
            most = LONGEST_TEST if path.is_relative_to(ROOT / "tests") else LONGEST_SOURCE
            lines = len(path.read_text(encoding="utf-8").splitlines())
            if lines > most:
                long[str(path.relative_to(ROOT))] = lines
    assert long == {}


def test_snakefile_is_an_entry_and_rules_lie_by_stage():
    """The one at the root holds one statement, so that `snakemake all` works there."""
    statements = [line for line in (ROOT / "Snakefile").read_text(encoding="utf-8").splitlines() if line[:1] != "#"]
    assert len(statements) == 1 and '"workflow/Snakefile"' in statements[0]
    entry = (ROOT / "workflow/Snakefile").read_text(encoding="utf-8")
    assert len(entry.splitlines()) < 60
    included = re.findall(r'include: "(.+)"', entry)
    assert sorted(included) == sorted(f"rules/{path.name}" for path in (ROOT / "workflow/rules").glob("*.smk"))


def rules() -> dict[str, str]:
    """Text of every rule that makes something, by name."""
    found = {}
    for path in [ROOT / "workflow/Snakefile", *sorted((ROOT / "workflow/rules").glob("*.smk"))]:
        parts = re.split(r"^(?:use )?rule (\w+)(?: as (\w+))?.*:\n", path.read_text(encoding="utf-8"), flags=re.M)
        for first, second, body in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
            found[second or first] = body
    return {name: body for name, body in found.items() if "shell:" in body or " output:" in body}


def test_rules_are_thin_and_named_verb_noun():
    assert "train_policy" in rules() and "make_table" in rules()
    for name, body in rules().items():
        assert name in ("pretrain", "record") or re.fullmatch(r"[a-z]+(_[a-z]+)+", name), name
        commands = re.findall(r"shell:\n((?:\s+\".*\"\n)+)", body)
        assert all(re.search(r"\bprefclip ", command) for command in commands), name
        assert not re.search(r"^    (run|script|notebook):", body, re.M), name


@pytest.mark.parametrize("directive", ["log", "conda", "message"])
def test_every_rule_declares_what_it_needs(directive):
    lacking = [name for name, body in rules().items() if "shell:" in body and f"    {directive}:" not in body]
    assert lacking == []


def test_no_file_knows_a_machine_or_an_index_host():
    """Neither home folders nor scratch disks, neither package indexes nor their mirrors."""
    machine = re.compile(r"/(?:home|Users|root|work|mnt|data[0-9]|nfs)/[\w.-]+|[A-Z]:\\\\\w")
    index = re.compile(r"(?:pypi\.org|pythonhosted\.org|download\.pytorch\.org|files\.python|index-url|trusted-host)")
    wrong = [
        f"{path.relative_to(ROOT)}: {found.group()}"
        for path in tracked()
        if path != Path(__file__).resolve() and (text := text_of(path)) is not None
        for pattern in (machine, index)
        for found in pattern.finditer(text)
    ]
    assert wrong == []


def test_nothing_is_left_to_do():
    markers = re.compile("|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X")))
    code = [path for path in tracked() if path.suffix in (".py", ".smk", ".yaml", ".yml", ".toml", ".rst")]
    code += [*ROOT.glob("**/Snakefile"), ROOT / "Makefile", *ROOT.glob("*.md")]
    assert [str(path.relative_to(ROOT)) for path in code if markers.search(path.read_text(encoding="utf-8"))] == []


def test_nothing_is_unpickled():
    unsafe = re.compile(r"torch\.load\(|pickle\.loads?\(|allow_pickle\s*=\s*True|yaml\.load\((?!.*_UniqueKeys)")
    assert [str(path.relative_to(ROOT)) for path in sources() if unsafe.search(path.read_text(encoding="utf-8"))] == []
