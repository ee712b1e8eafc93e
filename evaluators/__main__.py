"""Evaluators by hand.

    python -m evaluators list [FAMILY] [--json]
    python -m evaluators describe ID [--json], of an evaluator or of one of its metrics
    python -m evaluators run ID --table FILE --column label=y prediction=p group=race --favourable 1 [--json]
    python -m evaluators run ID --table FILE --model FOLDER --column text=review label=y
    python -m evaluators run ID --table FILE --endpoint url=http://localhost:8080 protocol=assay classes=no,yes …

Results go to stdout, and progress and errors to stderr; a run says how far it is once it takes some seconds.
Exit status: 0 measured; 1 some reading is an error; 2 the request or a file can't be used; 3 nothing was measurable;
130 interrupted; 141 nobody read the output to its end.
"""

import argparse
import io
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Sequence

from evaluators import describing, rendering
from evaluators.catalog import EVALUATORS, describe, family, load, method_page, of_family
from evaluators.contract import EvaluatorError, Json, Status, Undeclared
from evaluators.evaluate import Outcome, evaluate
from evaluators.libraries import loaded_versions
from evaluators.options import add_subject_options, pairs, subject_from
from evaluators.parameters import from_text
from evaluators.printing import libraries_to_stderr

MEASURED, ERRORS, UNUSABLE, NOTHING = 0, 1, 2, 3
# As a shell says it: stopped by Ctrl-C, and nobody read on.
INTERRUPTED, UNREAD = 130, 141
NOTHING_MEASURED = "evaluators: interrupted, nothing was measured"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    args = _parser().parse_args(argv)
    # Waiting threads sleep instead of spinning; on a busy machine that is many times faster.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that can't write a letter shows its number.
            stream.reconfigure(errors="backslashreplace")
    try:
        status: int = args.command(args)
        sys.stdout.flush()
    except EvaluatorError as error:
        print(f"evaluators: {rendering.harmless(str(error))}", file=sys.stderr)
        if isinstance(error, Undeclared):
            print(f"What it reads, and how it is given: python -m evaluators describe {args.id}", file=sys.stderr)
        return UNUSABLE
    except KeyboardInterrupt:
        print(NOTHING_MEASURED, file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever reads has seen enough (`| head`); what Python would still flush at its end goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNREAD
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m evaluators", description="Measure a model without the registry.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    listing = commands.add_parser("list", help="every evaluator, or those of a family")
    listing.add_argument("family", nargs="?", help="such as fairness, or how ids begin, such as robust")
    listing.add_argument("--json", action="store_true", help="as JSON")
    listing.set_defaults(command=_list)
    about = commands.add_parser("describe", help="one evaluator or metric: what it needs, yields and means")
    about.add_argument("id")
    about.add_argument("--json", action="store_true", help="as JSON")
    about.set_defaults(command=_describe)
    run = commands.add_parser("run", help="measure")
    run.add_argument("id")
    add_subject_options(run)
    run.add_argument("--param", metavar="NAME=VALUE", nargs="+", action="extend", default=[], help="see describe")
    run.add_argument("--level", type=float, default=0.95, help="of the two-sided intervals (default .95)")
    run.add_argument("--json", action="store_true", help="as JSON")
    run.set_defaults(command=_run)
    return parser


def _list(args: argparse.Namespace) -> int:
    evaluators = [load(name) for name in (of_family(args.family) if args.family else sorted(EVALUATORS))]
    if args.json:
        facts = [
            {"id": one.id, "version": one.version, "title": one.title, "cost": one.cost_class, "family": family(one.id)}
            for one in evaluators
        ]
        print(json.dumps(facts, indent=2, ensure_ascii=False))
        return MEASURED
    print(describing.listing(evaluators))
    return MEASURED


def _describe(args: argparse.Namespace) -> int:
    if args.id not in EVALUATORS and describing.is_metric(args.id):
        about: Json = {"id": args.id, "method": method_page(args.id)}
        show = describing.method
    else:
        about, show = describe(args.id), describing.description
    if args.json:
        print(json.dumps(about, indent=2, ensure_ascii=False))
    else:
        print(show(about, width=shutil.get_terminal_size((describing.WIDTH, 0)).columns))
    return MEASURED


def _run(args: argparse.Namespace) -> int:
    evaluator = load(args.id)
    params = {name: from_text(evaluator.parameters, name, text) for name, text in pairs(args.param, "param")}
    with libraries_to_stderr():
        outcome = evaluate(args.id, subject_from(args), params=params, level=args.level, progress=Reporter())
    if args.json:
        print(json.dumps(_as_json(outcome), indent=2, ensure_ascii=False))
    else:
        print(outcome)
    statuses = {reading.status for reading in outcome.readings}
    if Status.ERROR in statuses:
        return ERRORS
    return MEASURED if Status.OK in statuses else NOTHING


def end_when_interrupted() -> None:
    """From now on Ctrl-C ends the process at once, with the status a shell knows.

    As an exception it would be lost wherever a library calls back from C, and the run would go on to its end.
    """
    # Whoever starts it in the background ignores the signal, and goes on doing so.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupted)


def _interrupted(_signal: int, _frame: object) -> None:
    os.write(2, f"{NOTHING_MEASURED}\n".encode())
    # No exception, no handlers at exit: nothing that was begun is worth finishing, and files are only ever read.
    os._exit(INTERRUPTED)


class Reporter:
    """Tells on stderr how far a run is, at most once a second and only when it takes longer than two."""

    def __init__(self, patience_s: float = 2.0) -> None:
        self.next_at = time.monotonic() + patience_s

    def __call__(self, fraction: float, note: str) -> None:
        now = time.monotonic()
        if now >= self.next_at:
            self.next_at = now + 1.0
            print(f"{fraction:4.0%}  {rendering.harmless(note)}", file=sys.stderr, flush=True)


def _as_json(outcome: Outcome) -> Json:
    return {
        "readings": [reading.as_dict() for reading in outcome.readings],
        "evidence": [vars(item) for item in outcome.evidence],
        "versions": loaded_versions(),
        "spec_hash": outcome.spec_hash,
        "subject_hash": outcome.subject_hash,
        "seed": outcome.seed,
    }


if __name__ == "__main__":
    end_when_interrupted()
    sys.exit(main())
