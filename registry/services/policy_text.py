"""Reading a policy from JSON: every field checked, defaults filled in, each problem named with its place."""

import math
from collections.abc import Mapping
from typing import Any

from evaluators.catalog import EVALUATORS, describe
from evaluators.contract import SCORE_KINDS
from registry.exceptions import InvalidInput
from registry.models.choices import Aspect, Assurance, Direction, DocumentKind, Expertise, NeedLevel, Priority, Stage
from registry.services.inputs import COLUMNS
from registry.services.specs import parameter_problems, prescribed_digest

STAGES = (Stage.DATA, Stage.PREPROCESSING, Stage.TRAINING, Stage.INFERENCE)
JUDGED_BY = {"lower": Direction.AT_MOST, "higher": Direction.AT_LEAST, "target": Direction.WITHIN}

ONLY_FAILS = "\u201c{title}\u201d is a test: it may fail a limit and never meet one. Choose a metric of an effect."


class _Reader:
    """Collects problems by place, so that all are reported at once."""

    def __init__(self) -> None:
        self.errors: dict[str, list[str]] = {}

    def blame(self, place: str, problem: str) -> None:
        self.errors.setdefault(place, []).append(problem)

    def mapping(self, value: Any, place: str, *, known: set[str]) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            self.blame(place, "must be an object")
            return {}
        for name in sorted(set(value) - known):
            self.blame(f"{place}.{name}".strip("."), "unknown field")
        return value

    def items(self, value: Any, place: str) -> list[tuple[str, Any]]:
        if not isinstance(value, list):
            self.blame(place, "must be a list")
            return []
        return [(f"{place}.{index}", item) for index, item in enumerate(value)]

    def text(self, value: Any, place: str) -> str:
        if not isinstance(value, str) or not value.strip():
            self.blame(place, "must be a text that is not empty")
            return ""
        return value.strip()

    def choice(self, value: Any, place: str, allowed: Any) -> str:
        values = list(allowed)
        if value not in values:
            self.blame(place, f"must be one of {', '.join(map(str, values))}")
            return str(values[0])
        return str(value)

    def number(self, value: Any, place: str, *, low: float, high: float, whole: bool = False) -> Any:
        fits = (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and math.isfinite(value)
            and low <= value <= high
        )
        if not fits or (whole and not isinstance(value, int)):
            self.blame(place, f"must be a {'whole ' if whole else ''}number from {low:g} to {high:g}")
            return 1 if whole else low
        return value


def read_policy(body: Mapping[str, Any]) -> dict[str, Any]:
    """The policy with defaults filled in and each evaluation's spec digest. InvalidInput names all problems at once."""
    reader = _Reader()
    plain = reader.mapping(body, "", known={"title", "rationale", "max_waiver_hours", "stages"})
    stages = reader.mapping(plain.get("stages", {}), "stages", known=set(STAGES))
    policy = {
        "title": reader.text(plain.get("title"), "title"),
        "rationale": reader.text(plain.get("rationale"), "rationale"),
        "max_waiver_hours": reader.number(
            plain.get("max_waiver_hours", 72), "max_waiver_hours", low=1, high=720, whole=True
        ),
        "stages": {name: _stage(reader, rules, f"stages.{name}") for name, rules in stages.items() if name in STAGES},
    }
    if Stage.INFERENCE not in policy["stages"]:
        reader.blame("stages.inference", "a policy says what it takes to be used")
    if reader.errors:
        first = "; ".join(f"{place or 'policy'}: {problems[0]}" for place, problems in list(reader.errors.items())[:5])
        raise InvalidInput(f"The policy can't be used: {first}.", errors=reader.errors)
    return policy


def _stage(reader: _Reader, value: Any, place: str) -> dict[str, Any]:
    known = {"validity_days", "block_risks_from", "evaluations", "documents", "sign_offs"}
    rules = reader.mapping(value, place, known=known)
    stage = {
        "validity_days": reader.number(
            rules.get("validity_days", 365), f"{place}.validity_days", low=1, high=1096, whole=True
        ),
        "block_risks_from": reader.choice(
            rules.get("block_risks_from", ""), f"{place}.block_risks_from", ["", *Priority.values]
        ),
        "evaluations": [
            _evaluation(reader, v, p) for p, v in reader.items(rules.get("evaluations", []), f"{place}.evaluations")
        ],
        "documents": [
            _document(reader, v, p) for p, v in reader.items(rules.get("documents", []), f"{place}.documents")
        ],
        "sign_offs": [
            _sign_off(reader, v, p) for p, v in reader.items(rules.get("sign_offs", []), f"{place}.sign_offs")
        ],
    }
    if place.endswith(Stage.INFERENCE) and not stage["sign_offs"]:
        reader.blame(f"{place}.sign_offs", "at least one expertise must sign before a model is used")
    for name, key in (("evaluations", "spec_digest"), ("documents", "kind"), ("sign_offs", "expertise")):
        seen = [item[key] for item in stage[name]]
        if len(seen) != len(set(seen)):
            reader.blame(f"{place}.{name}", "the same rule stands twice")
    return stage


def _evaluation(reader: _Reader, value: Any, place: str) -> dict[str, Any]:
    known = {"evaluator", "parameters", "reads", "level", "assurance", "max_age_days", "thresholds"}
    plain = reader.mapping(value, place, known=known)
    evaluator = reader.choice(plain.get("evaluator"), f"{place}.evaluator", sorted(EVALUATORS))
    facts = describe(evaluator)
    level = reader.number(plain.get("level", 0.95), f"{place}.level", low=0.5, high=0.9999)
    reads = _reads(reader, plain.get("reads", {}), f"{place}.reads")
    parameters = reader.mapping(
        plain.get("parameters", {}), f"{place}.parameters", known=set(facts["params"].get("properties", {}))
    )
    for name, wrong in parameter_problems(evaluator, parameters).items():
        if name in facts["params"].get("properties", {}):
            reader.blame(f"{place}.parameters.{name}", wrong[0])
    metrics = {metric["id"]: metric for metric in facts["metrics"]}
    return {
        "evaluator": evaluator,
        "version": facts["version"],
        "parameters": dict(parameters),
        "reads": reads,
        "level": level,
        "spec_digest": prescribed_digest(
            evaluator, version=facts["version"], parameters=parameters, reads=reads, level=level
        ),
        "assurance": reader.choice(
            plain.get("assurance", Assurance.PLATFORM_RUN), f"{place}.assurance", Assurance.values
        ),
        "max_age_days": reader.number(
            plain.get("max_age_days", 90), f"{place}.max_age_days", low=1, high=1096, whole=True
        ),
        "thresholds": _thresholds(reader, plain.get("thresholds", []), f"{place}.thresholds", metrics),
    }


def _reads(reader: _Reader, value: Any, place: str) -> dict[str, Any]:
    """What is read of a table: a name for each role, or for groups a list of names."""
    plain = dict(reader.mapping(value, place, known={"columns", "favourable", "score_kind"}))
    if "columns" in plain:
        roles = plain["columns"] if isinstance(plain["columns"], Mapping) else {}
        reader.mapping(plain["columns"], f"{place}.columns", known=set(COLUMNS))
        plain["columns"] = {role: _names(reader, roles[role], f"{place}.columns.{role}") for role in roles}
    if not isinstance(plain.get("favourable"), str | int | float | None):
        reader.blame(f"{place}.favourable", "must be a value as it stands in the table")
    if plain.get("score_kind") not in (None, *SCORE_KINDS):
        reader.blame(f"{place}.score_kind", f"must be one of {', '.join(SCORE_KINDS)}")
    return plain


def _names(reader: _Reader, value: Any, place: str) -> str | list[str]:
    if isinstance(value, list) and value:
        return [reader.text(name, f"{place}.{index}") for index, name in enumerate(value)]
    return reader.text(value, place)


def _thresholds(reader: _Reader, value: Any, place: str, metrics: Mapping[str, Any]) -> list[dict[str, Any]]:
    limits = [_threshold(reader, each, where, metrics) for where, each in reader.items(value, place)]
    seen = [(each["metric"], each["slice"], each["need_level"]) for each in limits]
    if len(seen) != len(set(seen)):
        reader.blame(place, "two limits on the same metric and slice for the same need level")
    return limits


def _threshold(reader: _Reader, value: Any, place: str, metrics: Mapping[str, Any]) -> dict[str, Any]:
    known = {"metric", "slice", "direction", "limit", "tolerance", "aspect", "need_level", "excluded_allowed", "source"}
    plain = reader.mapping(value, place, known=known)
    metric = reader.choice(plain.get("metric"), f"{place}.metric", sorted(metrics))
    if metrics.get(metric, {}).get("kind") == "test":
        reader.blame(f"{place}.metric", ONLY_FAILS.format(title=metrics[metric]["title"]))
    natural = JUDGED_BY.get(metrics[metric]["direction"]) if metric in metrics else None
    allowed = [natural] if natural else Direction.values
    direction = reader.choice(plain.get("direction", natural), f"{place}.direction", allowed)
    return {
        "metric": metric,
        "slice": reader.text(plain.get("slice", "overall"), f"{place}.slice"),
        "direction": direction,
        "limit": reader.number(plain.get("limit"), f"{place}.limit", low=-1e12, high=1e12),
        "tolerance": reader.number(plain.get("tolerance", 0), f"{place}.tolerance", low=0, high=1e12),
        "aspect": reader.choice(plain.get("aspect"), f"{place}.aspect", Aspect.values),
        "need_level": reader.choice(plain.get("need_level", "any"), f"{place}.need_level", ["any", *NeedLevel.values]),
        "excluded_allowed": [
            reader.text(v, p) for p, v in reader.items(plain.get("excluded_allowed", []), f"{place}.excluded_allowed")
        ],
        "source": reader.text(plain.get("source"), f"{place}.source"),
    }


def _document(reader: _Reader, value: Any, place: str) -> dict[str, Any]:
    plain = reader.mapping(value, place, known={"kind", "min_percent", "must_know"})
    return {
        "kind": reader.choice(plain.get("kind"), f"{place}.kind", DocumentKind.values),
        "min_percent": reader.number(
            plain.get("min_percent", 100), f"{place}.min_percent", low=1, high=100, whole=True
        ),
        "must_know": [reader.text(v, p) for p, v in reader.items(plain.get("must_know", []), f"{place}.must_know")],
    }


def _sign_off(reader: _Reader, value: Any, place: str) -> dict[str, Any]:
    plain = reader.mapping(value, place, known={"expertise", "people"})
    return {
        "expertise": reader.choice(plain.get("expertise"), f"{place}.expertise", Expertise.values),
        "people": reader.number(plain.get("people", 1), f"{place}.people", low=1, high=9, whole=True),
    }
