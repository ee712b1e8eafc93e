"""The project's own files, as git sees them, and what the rules ask of them."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FIRST_PARTY = ("registry", "evaluators")
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """A Python file: its path from the root, its text, its tree."""

    path: str
    text: str

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, filename=self.path)

    @property
    def length(self) -> int:
        return len(self.text.splitlines())

    def where(self, node: ast.AST) -> str:
        return f"{self.path}:{getattr(node, 'lineno', 0)}"


@cache
def project_files() -> tuple[str, ...]:
    """Everything tracked or about to be, nothing ignored."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return tuple(sorted(name for name in set(listed) if (ROOT / name).is_file()))


def files(*folders: str, suffix: str) -> list[str]:
    prefixes = tuple(f"{folder}/" for folder in folders)
    return [name for name in project_files() if name.startswith(prefixes) and name.endswith(suffix)]


@cache
def sources(*folders: str) -> tuple[Source, ...]:
    """The Python files below these folders; by default the product's own."""
    found = files(*(folders or FIRST_PARTY), suffix=".py")
    return tuple(Source(path=name, text=(ROOT / name).read_text()) for name in found)


def functions(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def share_above(values: list[int], limit: int) -> float:
    return sum(value > limit for value in values) / max(len(values), 1)
