"""Runs tests against many mutants, each in a process forked from one that has loaded everything but the mutant.

`python -m tests.mutants.zygote MUTANTS.json RESULTS.json TEST…`: MUTANTS is a list of {"module", "source"}, RESULTS the
exit status of pytest for each, in order.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import hypothesis.strategies  # noqa: F401 - loaded here so that no mutant pays for it
import pytest

PLUGINS = ("-p", "_hypothesis_pytestplugin", "-p", "no:cacheprovider")
PLAIN = ("--noconftest", *PLUGINS, "--assert=plain", "--hypothesis-seed=1", "-x", "-q")
SECONDS = 60


class MutantFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds one module, in the changed source."""

    def __init__(self, name: str, source: str) -> None:
        self.name, self.source = name, source

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        return importlib.util.spec_from_loader(fullname, self) if fullname == self.name else None

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self.source, self.name, "exec"), module.__dict__)  # noqa: S102 - the source that is under test


def run(mutant: dict[str, str], arguments: Sequence[str]) -> int:
    """The tests' exit status, in a process of their own; a mutant that never ends is ended."""
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(status)
    signal.alarm(SECONDS)
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    sys.meta_path.insert(0, MutantFinder(mutant["module"], mutant["source"]))
    os._exit(int(pytest.main([*PLAIN, *arguments])))


def main() -> None:
    mutants, results, *tests = sys.argv[1:]
    # Other plugins take longer to load than the tests to run.
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    folder = Path(results).parent
    (folder / "pytest.ini").write_text("[pytest]\n")
    arguments = ["-c", str(folder / "pytest.ini"), "--rootdir", str(Path.cwd()), *tests]
    said = [run(mutant, arguments) for mutant in json.loads(Path(mutants).read_text())]
    Path(results).write_text(json.dumps(said))


if __name__ == "__main__":
    main()
