"""Mutants that no test can kill, each with the reason."""

PYTHON: dict[str, str] = {}
SQL: dict[str, str] = {}
