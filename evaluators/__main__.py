"""Evaluators by hand.

    python -m evaluators list
    python -m evaluators describe ID
    python -m evaluators run ID --table FILE --column label=y prediction=p group=race --favourable 1

Exit status: 0 measured; 1 some reading is an error; 2 the request or a file can't be used; 3 nothing was measurable.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from evaluators.catalog import EVALUATORS, describe, load
from evaluators.contract import EvaluatorError, Json, ParameterError, Reading, Status, Subject, SubjectError
from evaluators.evaluate import Outcome, evaluate
from evaluators.files import sha256_of
from evaluators.libraries import loaded_versions
from evaluators.parameters import from_text

MEASURED, ERRORS, UNUSABLE, NOTHING = 0, 1, 2, 3


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    args = _parser().parse_args(argv)
    try:
        status: int = args.command(args)
    except EvaluatorError as error:
        print(f"evaluators: {error}", file=sys.stderr)
        return UNUSABLE
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m evaluators", description="Measure a model without the registry.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    listing = commands.add_parser("list", help="every evaluator")
    listing.set_defaults(command=_list)
    about = commands.add_parser("describe", help="one evaluator: what it needs, yields and means")
    about.add_argument("id")
    about.add_argument("--json", action="store_true", help="as JSON")
    about.set_defaults(command=_describe)
    run = commands.add_parser("run", help="measure")
    run.add_argument("id")
    run.add_argument("--table", metavar="FILE", help="CSV or Parquet")
    run.add_argument("--model", metavar="FILE", help="a model file")
    run.add_argument(
        "--column", metavar="ROLE=NAME", nargs="+", action="extend", default=[], help="label, prediction, …"
    )
    run.add_argument(
        "--feature", metavar="NAME", nargs="+", action="extend", default=[], help="columns the model reads"
    )
    run.add_argument("--param", metavar="NAME=VALUE", nargs="+", action="extend", default=[], help="see describe")
    run.add_argument("--favourable", metavar="VALUE", help="the favourable outcome")
    run.add_argument("--score-kind", metavar="KIND", help="probability, logit or margin")
    run.add_argument("--level", type=float, default=0.95, help="of the two-sided intervals (default .95)")
    run.add_argument("--json", action="store_true", help="as JSON")
    run.set_defaults(command=_run)
    return parser


def _list(_: argparse.Namespace) -> int:
    rows = [["id", "version", "title", "metrics"]]
    for name in sorted(EVALUATORS):
        evaluator = load(name)
        rows.append([name, evaluator.version, evaluator.title, str(len(evaluator.metrics))])
    _print_table(rows)
    return MEASURED


def _describe(args: argparse.Namespace) -> int:
    about = describe(args.id)
    if args.json:
        print(json.dumps(about, indent=2, ensure_ascii=False))
        return MEASURED
    print(f"{about['id']} {about['version']}: {about['title']}\n")
    for kind, names in about["needs"].items():
        print(f"{kind}: {', '.join(names) or 'none'}")
    for name, rule in about["params"]["properties"].items():
        print(f"parameter {name} ({rule['type']}, default {rule['default']}): {rule['title']}")
    print()
    _print_table([["metric", "direction", "unit"], *([m["id"], m["direction"], m["unit"]] for m in about["metrics"])])
    return MEASURED


def _run(args: argparse.Namespace) -> int:
    evaluator = load(args.id)
    params = {name: from_text(evaluator.parameters, name, text) for name, text in _pairs(args.param, "param")}
    outcome = evaluate(args.id, _subject(args), params=params, level=args.level)
    if args.json:
        print(json.dumps(_as_json(outcome), indent=2, ensure_ascii=False))
    else:
        _print_readings(outcome)
    statuses = {reading.status for reading in outcome.readings}
    if Status.ERROR in statuses:
        return ERRORS
    return MEASURED if Status.OK in statuses else NOTHING


def _subject(args: argparse.Namespace) -> Subject:
    files = {role: path for role, path in (("table", args.table), ("model", args.model)) if path}
    if not files:
        raise SubjectError("give a --table, a --model or both")
    columns: Json = {"group": []}
    for role, name in _pairs(args.column, "column"):
        if role == "group":
            columns["group"].append(name)
        else:
            columns[role] = name
    return Subject.from_dict(
        {
            "kind": "files" if not args.table else "model" if args.model else "table",
            "files": {
                role: {"path": path, "sha256": sha256_of(path), "name": Path(path).name} for role, path in files.items()
            },
            "columns": columns,
            "favourable": args.favourable,
            "score_kind": args.score_kind,
            "features": args.feature,
        }
    )


def _pairs(texts: Sequence[str], option: str) -> list[tuple[str, str]]:
    pairs = [text.partition("=") for text in texts]
    wrong = next((text for text, (_, equals, value) in zip(texts, pairs, strict=True) if not equals or not value), None)
    if wrong is not None:
        raise ParameterError(f"--{option} takes name=value, not {wrong!r}")
    return [(name, value) for name, _, value in pairs]


def _as_json(outcome: Outcome) -> Json:
    return {
        "readings": [reading.as_dict() for reading in outcome.readings],
        "evidence": [vars(item) for item in outcome.evidence],
        "versions": loaded_versions(),
        "spec_hash": outcome.spec_hash,
        "subject_hash": outcome.subject_hash,
        "seed": outcome.seed,
    }


def _print_readings(outcome: Outcome) -> None:
    _print_table([["metric", "slice", "value", "interval", "p", "n", "note"], *map(_row, outcome.readings)])
    print(f"\nspecification {outcome.spec_hash[:12]}  subject {outcome.subject_hash[:12]}  seed {outcome.seed}")


def _row(reading: Reading) -> list[str]:
    interval = "" if reading.low is None or reading.high is None else f"[{reading.low:.4g}, {reading.high:.4g}]"
    note = reading.method if reading.status is Status.OK else f"{reading.status.value}: {reading.reason}"
    value, p_value = ("" if number is None else f"{number:.4g}" for number in (reading.value, reading.p_value))
    excluded = reading.detail.get("excluded") or []
    if excluded:
        note += f"; {len(excluded)} left out: {', '.join(str(entry['group']) for entry in excluded[:3])}"
    return [reading.metric, reading.slice, value, interval, p_value, str(reading.n), note]


def _print_table(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for i, row in enumerate(rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        if i == 0:
            print("  ".join("-" * width for width in widths))


if __name__ == "__main__":
    sys.exit(main())
