#!/usr/bin/env python3
"""Ask an Assay registry, register with it and have it measure, from a pipeline or a terminal.

    assay verdict team/model@version --stage inference
    assay register team/model@2 --file model.skops --trained-on team/loans@1
    assay evaluate team/model@2 fairness.group --table predictions.csv --column label=approved --column group=race

One file on Python 3.9's standard library, so that it can be copied to where it is needed; reads ASSAY_URL, ASSAY_TOKEN.
Exit code: 0 approved or done · 1 not approved or refused · 2 undecided, unknown, not finished · 3 could not ask.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import io
import json
import os
import shutil
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable
from typing import IO, Any
from urllib.request import HTTPDefaultErrorHandler, HTTPErrorProcessor, HTTPHandler, HTTPSHandler, ProxyHandler

DONE, REFUSED, UNDECIDED, COULD_NOT_ASK = range(4)
STATE_CODES = {"done": DONE, "failed": REFUSED, "cancelled": REFUSED, "failed_infra": COULD_NOT_ASK}
# No redirects: a token is never carried to another address. No other schemes than http and https.
HANDLERS = (ProxyHandler, HTTPHandler, HTTPSHandler, HTTPErrorProcessor, HTTPDefaultErrorHandler)
PART = '--{}\r\nContent-Disposition: form-data; name="{}"\r\n\r\n'
TOLD = {"favourable": "the good label", "score_kind": "such as probability", "baseline": "a version to compare with"}
RELATIONS = {"trained_on": "dataset_version", "evaluated_on": "dataset_version", "derived_from": "model_version"}
STATUS_CODES = {400: REFUSED, 403: REFUSED, 404: UNDECIDED, 409: REFUSED, 413: REFUSED, 422: REFUSED}


class Stop(Exception):
    """The command ends here: an exit code and what to say."""


class Registry:
    """The HTTP API of one registry. An answer of 503 is asked for again until `wait` seconds are over."""

    def __init__(self, *, url: str, token: str, wait: float) -> None:
        self.url, self.token, self.deadline = url.rstrip("/"), token, time.monotonic() + wait
        self.opener = urllib.request.OpenerDirector()
        for handler in HANDLERS:
            self.opener.add_handler(handler())

    def get(self, path: str, **query: str) -> Any:
        return self.ask("GET", f"{path}?{urllib.parse.urlencode(query)}")

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return self.ask("POST", path, io.BytesIO(json.dumps(body).encode()), "application/json")

    def upload(self, team: str, arguments: list[str]) -> str:
        """Send files, given as PATH or NAME=PATH, for a team; the artifact's id, or Stop if it got other names."""
        pairs = [(name or os.path.basename(file), file) for name, _, file in (a.rpartition("=") for a in arguments)]
        boundary = uuid.uuid4().hex
        with tempfile.TemporaryFile() as form:
            form.write(f"{PART.format(boundary, 'team')}{team}\r\n".encode())
            for name, source in pairs:
                part = 'files"; filename="' + name.translate({34: "%22", 13: "%0D", 10: "%0A"})
                form.write(PART.format(boundary, part).encode())
                with open(source, "rb") as file:
                    shutil.copyfileobj(file, form)
                form.write(b"\r\n")
            form.write(f"--{boundary}--\r\n".encode())
            artifact = self.ask("POST", "artifacts/", form, f"multipart/form-data; boundary={boundary}")
        if sorted(entry["name"] for entry in artifact["files"]) != sorted(name for name, _ in pairs):
            raise Stop(COULD_NOT_ASK, "The registry kept the files under other names; send a --digest-file instead.")
        return str(artifact["id"])

    def ask(self, method: str, path: str, body: IO[bytes] | None = None, content_type: str = "") -> Any:
        """Return the JSON of a success; Stop with what the registry said instead of anything else."""
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}
        if body is not None:
            headers |= {"Idempotency-Key": str(uuid.uuid4()), "Content-Type": content_type}
            headers["Content-Length"] = str(body.seek(0, os.SEEK_END))
        while True:
            if body is not None:
                body.seek(0)
            status, answer, delay = self.send(f"{self.url}/api/v1/{path}", method=method, data=body, headers=headers)
            if status != 503 or time.monotonic() + delay > self.deadline:
                break
            time.sleep(delay)
        if not 200 <= status < 300:
            raise Stop(STATUS_CODES.get(status, COULD_NOT_ASK), describe_problem(status, answer))
        return answer

    def send(self, url: str, **request: Any) -> tuple[int, Any, int]:
        """Return status, JSON and how many seconds to wait before asking again."""
        try:
            with self.opener.open(urllib.request.Request(url, **request), timeout=60) as response:  # noqa: S310  http(s) only
                return response.status, json.load(response), 0
        except urllib.error.HTTPError as error:
            delay, raw = error.headers.get("Retry-After", ""), error.read()
            problem = json.loads(raw) if "json" in error.headers.get("Content-Type", "") else {"title": error.reason}
            return error.code, problem, max(1, int(delay)) if delay.isdigit() else 5
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Stop(COULD_NOT_ASK, f"Could not ask {self.url}: {getattr(error, 'reason', error)}") from error

    def find(self, kind: str, name: str) -> dict[str, Any] | None:
        found: list[dict[str, Any]] = self.get(f"{kind}/", name=name)["results"]
        return found[0] if found else None

    def version_path(self, name: str) -> str:
        version = self.find("versions", name)
        if version is None:
            raise Stop(UNDECIDED, f"The registry shows no version {name}.")
        return f"versions/{version['id']}/"


def describe_problem(status: int, problem: Any) -> str:
    said = " ".join(f"{problem[key]}." for key in ("title", "detail") if problem.get(key))
    lines = [f"The registry answered {status}: {said.replace('?.', '?').replace('..', '.')}"]
    for field, reasons in (problem.get("errors") or {}).items():
        lines.append(f"  {field}: " + "; ".join(map(str, reasons if isinstance(reasons, list) else [reasons])))
    return "\n".join(lines + describe_requirements(problem.get("requirements") or []))


def describe_requirements(requirements: list[dict[str, Any]]) -> list[str]:
    """One line for what was asked; for what is not met also what was found and what would unblock it."""
    lines = []
    for item in requirements:
        lines.append(f"  {item['outcome']:10}{item.get('requirement') or item.get('id')}: {item.get('asked')}")
        if item["outcome"] != "passed":
            lines += [f"            {key}: {item[key]}" for key in ("found", "unblock") if item.get(key)]
    return lines


def say(*lines: str) -> None:
    """Print text of the registry with its control characters escaped."""
    print("".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in "\n".join(lines)))


def verdict(registry: Registry, args: argparse.Namespace) -> int:
    if not (args.name or args.digest):
        raise Stop(COULD_NOT_ASK, "Say which version, by its name or by --digest.")
    query = {"name": args.name} if args.name else {"digest": args.digest}
    answer = registry.get("verdict/", **query, stage=args.stage)
    if args.save:
        with open(args.save, "w", encoding="utf-8") as file:
            json.dump(answer["attestation"], file)
    code, reason = judge(answer, args)
    say(*([json.dumps(answer)] if args.json else [reason, *describe_requirements(answer["reasons"])]))
    return code


def judge(answer: dict[str, Any], args: argparse.Namespace) -> tuple[int, str]:
    """Turn the answer into an exit code: a plain yes to what was asked is one, anything else is none."""
    outcome, standing, summary = answer["outcome"], answer["standing"], f"{answer['version']} for {answer['stage']}"
    if answer["stage"] != args.stage or args.name not in (None, answer["version"]):
        return COULD_NOT_ASK, f"The registry answered for {summary}, which was not asked."
    if args.digest not in (None, answer["root_digest"]):
        return REFUSED, f"NOT APPROVED: {summary} has the root digest {answer['root_digest']}, not the one given."
    if answer["approved"] is True and (outcome, standing) == ("passed", "good"):
        return DONE, f"APPROVED{' WITH A WAIVER' if answer['waived'] else ''}: {answer['summary']}"
    code, word = (REFUSED, "NOT APPROVED") if (outcome, standing) != ("undecided", "good") else (UNDECIDED, "UNDECIDED")
    return code, f"{word}: {summary}, standing {standing}. {answer['summary']}"


def register(registry: Registry, args: argparse.Namespace) -> int:
    """Register a version of a model or dataset, and the model or dataset with it if it is the first."""
    owner, _, label = args.name.partition("@")
    team, _, name = owner.partition("/")
    if not (team and name and label):
        raise Stop(COULD_NOT_ASK, f"{args.name} is no team/name@label.")
    artifact = registry.upload(team, args.file) if args.file and not args.digest_file else None
    if args.digest_file:  # the files stay where they are
        with open(args.digest_file, encoding="utf-8") as file:
            artifact = str(registry.post("artifacts/", {"team": team, "files": json.load(file)})["id"])
    body: dict[str, Any] = {"label": label, "artifact": artifact}
    first: dict[str, Any] = {"team": team, "name": name, "description": args.description}
    if args.kind == "models":
        first |= {"project": args.project, "kind": args.model_kind}
        body["lineage"] = [{"relation": r, field: name} for r, field in RELATIONS.items() for name in getattr(args, r)]
    known = registry.find(args.kind, owner) or registry.post(f"{args.kind}/", first)
    version = registry.post(f"{args.kind}/{known['id']}/versions/", body)
    say(f"Registered {args.name} as {version['id']}.")
    return DONE


def evaluate(registry: Registry, args: argparse.Namespace) -> int:
    path, team = registry.version_path(args.name), args.name.partition("/")[0]
    named = {role: [column for r, column in args.column if r == role] for role, _ in args.column}
    columns = {role: names if role == "group" or len(names) > 1 else names[0] for role, names in named.items()}
    body = {"evaluator": args.evaluator, "parameters": dict(args.param), "columns": columns}
    body |= {name: registry.upload(team, [file]) for name in ("table", "reference") if (file := getattr(args, name))}
    body |= {name: value for name in (*TOLD, "dataset_version") if (value := getattr(args, name)) is not None}
    args.evaluation = registry.post(f"{path}evaluations/", body)["id"]
    say(f"Asked for the evaluation {args.evaluation}.")
    end = time.monotonic() + args.patience
    while time.monotonic() < end and registry.get(f"evaluations/{args.evaluation}/")["state"] not in STATE_CODES:
        time.sleep(2)
    return status(registry, args) if args.patience else DONE


def status(registry: Registry, args: argparse.Namespace) -> int:
    answer = registry.get(f"evaluations/{args.evaluation}/")
    say(f"{args.evaluation} {answer['state']} {answer.get('error') or ''}".rstrip())
    return STATE_CODES.get(answer["state"], UNDECIDED)


def review(registry: Registry, args: argparse.Namespace) -> int:
    answer = registry.get(f"{registry.version_path(args.name)}review/", stage=args.stage)
    say(f"{args.name} for {args.stage}: {answer['outcome']}", *describe_requirements(answer["requirements"]))
    return {"passed": DONE, "failed": REFUSED, "undecided": UNDECIDED}[answer["outcome"]]


def transition(registry: Registry, args: argparse.Namespace) -> int:
    registry.post(f"{registry.version_path(args.name)}transitions/", {"to_stage": args.stage})
    say(f"{args.name} is at {args.stage}.")
    return DONE


def pair(argument: str) -> tuple[str, str]:
    name, equals, value = argument.partition("=")
    if not (name and equals):
        raise ValueError(argument)
    return name, value


def parameter(argument: str) -> tuple[str, Any]:
    name, value = pair(argument)
    with contextlib.suppress(ValueError):
        value = json.loads(value)
    return name, value


def build_parser() -> argparse.ArgumentParser:
    """Every command with its arguments; `run` is the function that carries it out."""
    top = argparse.ArgumentParser(prog="assay", description=(__doc__ or "").split("\n")[0])
    top.add_argument("--url", default=os.environ.get("ASSAY_URL"))
    top.add_argument("--token", default=os.environ.get("ASSAY_TOKEN"))
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Callable[..., int], text: str, *positional: str, **fixed: Any) -> Any:
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(run=run, **fixed)
        for argument in positional:
            added.add_argument(argument)
        return added.add_argument

    add = command("verdict", verdict, "may this version, or these files, be used?")
    add("name", nargs="?", help="team/model@version")
    add("--digest", help="root digest of the files at hand")
    add("--stage", default="inference")
    add("--json", action="store_true")
    add("--save", metavar="FILE", help="keep the signed attestation, for verify.py")
    add("--wait", type=float, default=30, metavar="SECONDS", help="for an answer that is not yet signed")
    for kind, name in (("models", "register"), ("datasets", "register-dataset")):
        add = command(name, register, f"register a version in {kind}", "name", kind=kind)
        add("--file", action="append", help="PATH or NAME=PATH; once for each file")
        add("--digest-file", help="JSON list of name, size and sha256, where the files stay")
        add("--description", default="")
        if kind == "models":
            add("--project")
            add("--kind", dest="model_kind", default="", help="tabular, text, image or generative")
            for relation in RELATIONS:
                add("--" + relation.replace("_", "-"), action="append", default=[], metavar="TEAM/NAME@VERSION")
    add = command("evaluate", evaluate, "have a version measured", "name", "evaluator")
    add("--table", help="the file of rows to measure on")
    add("--reference", metavar="FILE", help="a second table, to compare with")
    add("--column", action="append", type=pair, default=[], metavar="ROLE=NAME", help="again for each further column")
    add("--param", action="append", type=parameter, default=[], metavar="NAME=VALUE")
    for name, text in TOLD.items():
        add("--" + name.replace("_", "-"), help=text)
    add("--dataset", dest="dataset_version", metavar="TEAM/NAME@VERSION", help="which the table comes from")
    add("--wait", dest="patience", type=float, nargs="?", const=3600, default=0, metavar="SECONDS")
    command("status", status, "how far is an evaluation?", "evaluation")
    command("review", review, "what does a stage still ask for?", "name")("--stage", default="inference")
    command("transition", transition, "move a version to a stage", "name", "stage")
    return top


def main(argv: list[str] | None = None) -> int:
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # a terminal may not know a name
    try:
        args = build_parser().parse_args(argv)
        if not (args.url and args.token):
            raise Stop(COULD_NOT_ASK, "Set ASSAY_URL and ASSAY_TOKEN, or give --url and --token.")
        return int(args.run(Registry(url=args.url, token=args.token, wait=getattr(args, "wait", 30)), args))
    except SystemExit as stop:  # how argparse ends: with 0 after --help, else with a code that means undecided here
        return COULD_NOT_ASK if stop.code else DONE
    except Stop as stop:
        code, reason = stop.args
    except (OSError, AttributeError, KeyError, TypeError, ValueError) as error:
        code, reason = COULD_NOT_ASK, f"A file or an answer can't be used: {type(error).__name__} {error}"
    say(reason)
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
