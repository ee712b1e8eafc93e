"""What a person types about a subject, as the subject that a job would name. Standard library only."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evaluators.contract import ROLES, Json, ParameterError, Subject, SubjectError
from evaluators.inputs.files import sha256_of

SINGLE = ("label", "prediction", "score")
SECOND = "a second table: rows of before for drift, training rows for leakage, rows not trained on for membership"
NUMBERS = ("batch", "max_queries", "timeout_s")


def add_subject_options(parser: argparse.ArgumentParser) -> None:
    """Files by role, columns by role, and an endpoint."""
    several: dict[str, Any] = {"nargs": "+", "action": "extend", "default": []}
    parser.add_argument("--table", metavar="FILE", help="rows to measure, CSV or Parquet")
    parser.add_argument("--reference", metavar="FILE", help=f"{SECOND}; see describe")
    parser.add_argument("--model", metavar="FILE", **several, help="the files of a model, or their folder")
    parser.add_argument("--baseline", metavar="FILE", **several, help="the files of the other model, or their folder")
    roles = ", ".join(("group", *SINGLE, *ROLES))
    parser.add_argument("--column", metavar="ROLE=NAME", **several, help=f"which column plays which role: {roles}")
    parser.add_argument("--feature", metavar="NAME", **several, help="columns the model reads, in order")
    parser.add_argument("--favourable", metavar="VALUE", help="the favourable outcome")
    parser.add_argument("--score-kind", metavar="KIND", help="probability, logit or margin")
    keys = "url, protocol, inputs, output, classes (separated by commas), model, token_env, " + ", ".join(NUMBERS)
    parser.add_argument("--endpoint", metavar="KEY=VALUE", **several, help=f"a model behind an address: {keys}")


def subject_from(args: argparse.Namespace) -> Subject:
    """The subject that these options describe. Raises SubjectError or ParameterError in words for who typed them."""
    files = {role: path for role in ("table", "reference") if (path := getattr(args, role))}
    for role in ("model", "baseline"):
        paths = _listed(getattr(args, role))
        files |= {role if len(paths) == 1 else f"{role}/{path.name}": str(path) for path in paths}
    has_model = any(role.partition("/")[0] == "model" for role in files)
    kind = "endpoint" if args.endpoint else "files" if not args.table else "model" if has_model else "table"
    return Subject.from_dict(
        {
            "kind": kind,
            "files": {
                role: {"path": path, "sha256": sha256_of(path), "name": Path(path).name} for role, path in files.items()
            },
            "columns": _columns(args.column),
            "favourable": args.favourable,
            "score_kind": args.score_kind,
            "features": args.feature,
            "endpoint": _endpoint(args.endpoint),
        }
    )


def pairs(texts: Sequence[str], option: str) -> list[tuple[str, str]]:
    """Name and value of each NAME=VALUE. Raises ParameterError for a text without either."""
    parts = [text.partition("=") for text in texts]
    wrong = next(
        (text for text, (name, equals, value) in zip(texts, parts, strict=True) if not (name and equals and value)),
        None,
    )
    if wrong is not None:
        raise ParameterError(f"--{option} takes name=value, not {wrong!r}")
    return [(name, value) for name, _, value in parts]


def _listed(given: Sequence[str]) -> list[Path]:
    """The files given; a folder stands for the files in it, but for hidden ones."""
    paths = [Path(one) for one in given]
    if len(paths) == 1 and paths[0].is_dir():
        paths = sorted(path for path in paths[0].iterdir() if path.is_file() and not path.name.startswith("."))
        if not paths:
            raise SubjectError(f"{given[0]}: the folder holds no file")
    names = [path.name for path in paths]
    if len(set(names)) != len(names):
        raise SubjectError(f"two of the files are called {next(name for name in names if names.count(name) > 1)!r}")
    return paths


def _columns(texts: Sequence[str]) -> Json:
    columns: Json = {"group": []}
    for role, name in pairs(texts, "column"):
        if role not in SINGLE:
            columns.setdefault(role, []).append(name)
        elif role in columns:
            raise SubjectError(f"two columns were given as {role}, {columns[role]!r} and {name!r}")
        else:
            columns[role] = name
    return columns


def _endpoint(texts: Sequence[str]) -> Json:
    found: Json = {}
    for key, value in pairs(texts, "endpoint"):
        found[key] = _number(key, value) if key in NUMBERS else value.split(",") if key == "classes" else value
    return found


def _number(key: str, text: str) -> float:
    try:
        return int(text) if text.isdigit() else float(text)
    except ValueError:
        raise ParameterError(f"--endpoint {key} takes a number, not {text!r}") from None
