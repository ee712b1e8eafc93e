"""Nothing grows beyond what a reader takes in at once."""

import ast
import tomllib

from tests.architecture.sources import FIRST_PARTY, ROOT, Source, files, functions, share_above, sources

TOLERATED_SHARE = 0.05


def written() -> list[Source]:
    """What people wrote: migrations are generated, apart from their SQL, which has a file of its own."""
    return [source for source in sources() if not source.path.startswith("registry/migrations/")]


def lines_of(node: ast.AST) -> int:
    return (node.end_lineno or 0) - node.lineno + 1


def length(name: str) -> int:
    return len((ROOT / name).read_text().splitlines())


def test_no_file_is_longer_than_300_lines() -> None:
    assert [(source.path, source.length) for source in written() if source.length > 300] == []


def test_nearly_every_file_is_at_most_200_lines() -> None:
    long = [source.path for source in written() if source.length > 200]
    assert share_above([source.length for source in written()], 200) <= TOLERATED_SHARE, long


def test_no_function_is_longer_than_50_lines() -> None:
    long = [
        (source.where(node), lines_of(node))
        for source in written()
        for node in functions(source.tree)
        if lines_of(node) > 50
    ]
    assert long == []


def test_nearly_every_function_is_at_most_25_lines() -> None:
    lengths = [lines_of(node) for source in written() for node in functions(source.tree)]
    assert share_above(lengths, 25) <= TOLERATED_SHARE


def test_no_template_is_longer_than_120_lines() -> None:
    assert [(name, length(name)) for name in files("templates", suffix=".html") if length(name) > 120] == []


def test_no_test_file_is_longer_than_400_lines() -> None:
    assert [(name, length(name)) for name in files("tests", suffix=".py") if length(name) > 400] == []


def test_the_linter_holds_complexity_at_eight() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]
    assert settings["mccabe"]["max-complexity"] == 8
    relaxed = {rule for rules in settings["per-file-ignores"].values() for rule in rules}
    assert not [rule for rule in relaxed if rule.startswith("C9")]
    assert {"E", "F", "I", "B", "UP", "SIM", "RET", "PT", "DJ", "C90", "PLC0415", "T20", "BLE", "S"} <= set(
        settings["select"]
    )


def test_product_and_budgets_are_about_the_same_files() -> None:
    assert {source.path.split("/")[0] for source in written()} == set(FIRST_PARTY)
