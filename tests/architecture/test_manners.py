"""Small rules whose breach hides something."""

import ast
import re
import subprocess
import sys

from tests.architecture.sources import FIRST_PARTY, ROOT, project_files, sources

TOP_LEVEL = {
    "manage.py",
    "registry",
    "evaluators",
    "templates",
    "static",
    "fixtures",
    "tests",
    "docker",
    "requirements.txt",
    "README.md",
    "Makefile",
    "pyproject.toml",
    "LICENSE",
    ".ci",
    ".gitignore",
}
BROAD = {"Exception", "BaseException"}
MAY_CATCH_ALL = {"registry/tasks.py", "evaluators/child.py"}
NOQA = re.compile(r"#\s*noqa\b(?P<rest>.*)", re.IGNORECASE)
EXPLAINED = re.compile(r":\s*[A-Z]+[0-9]+(,\s*[A-Z]+[0-9]+)*\s+(?:[-—–(]+\s*)?\w.*")
IGNORED_TYPE = re.compile(r"#\s*type:\s*ignore(?!\[)")


def python_files():
    return sources(*FIRST_PARTY, "tests", "static")


def caught(handler: ast.ExceptHandler) -> list[ast.expr | None]:
    return list(handler.type.elts) if isinstance(handler.type, ast.Tuple) else [handler.type]


def is_broad(expression: ast.expr | None) -> bool:
    return expression is None or (isinstance(expression, ast.Name) and expression.id in BROAD)


def suppresses_all(node: ast.AST) -> bool:
    name = getattr(getattr(node, "func", None), "attr", getattr(getattr(node, "func", None), "id", ""))
    return isinstance(node, ast.Call) and name == "suppress" and any(map(is_broad, node.args))


def test_only_two_files_catch_whatever_comes() -> None:
    broad = {
        source.path
        for source in sources()
        for node in ast.walk(source.tree)
        if (isinstance(node, ast.ExceptHandler) and any(map(is_broad, caught(node)))) or suppresses_all(node)
    }
    assert broad <= MAY_CATCH_ALL


def test_every_noqa_names_its_rule_and_its_reason() -> None:
    bare = [
        f"{source.path}:{number}"
        for source in python_files()
        if not source.path.startswith("tests/architecture/")
        for number, line in enumerate(source.text.splitlines(), start=1)
        if (match := NOQA.search(line)) and not EXPLAINED.match(match["rest"])
    ]
    assert bare == []


def test_every_ignored_type_error_names_its_code() -> None:
    bare = [source.path for source in sources() if IGNORED_TYPE.search(source.text)]
    assert bare == []


def test_the_top_level_holds_what_the_tree_says() -> None:
    assert {name.split("/")[0] for name in project_files()} <= TOP_LEVEL


def test_the_linter_is_content() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "."], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:]


def test_the_strictly_typed_rooms_are_typed() -> None:
    done = subprocess.run([sys.executable, "-m", "mypy"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:]


def test_no_work_is_left_for_later() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    left = [source.path for source in python_files() if marks.search(source.text) and "architecture" not in source.path]
    assert left == []


def test_continuous_integration_runs_the_command_the_readme_names() -> None:
    assert "make test" in (ROOT / ".ci" / "run").read_text()
    assert "make test" in (ROOT / "README.md").read_text()


def test_every_pin_is_exact() -> None:
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    loose = [line for line in lines if line and not line.startswith("#") and not re.fullmatch(r"[\w.-]+==[\w.]+", line)]
    assert loose == []
    assert "torch==2.13.0" in lines
    assert not [line for line in lines if line.startswith(("torchvision", "nvidia-"))]
