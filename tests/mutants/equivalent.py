"""Mutants of the Python gate that no test can kill, each with the reason: none."""

PYTHON: dict[str, str] = {}
