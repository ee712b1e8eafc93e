"""Why no run answers what a policy asks: it was asked otherwise on the same files, or nothing here can ask it so."""

from collections.abc import Iterator
from dataclasses import replace

from evaluators.catalog import EVALUATORS, describe
from registry.gates.verdict import Requirement, Verdict
from registry.models import Evaluation, RequiredEvaluation
from registry.models.choices import RunState
from registry.reports.figures import format_level
from registry.services.specs import normal_reads
from registry.services.verdicts import Review

AGAIN = "That answers another question: run it as the policy asks."
REVISE = "No run can answer that: write a new revision of the policy."
INTERVALS = "intervals"
# The database dates a measurement by when it is stored, so old statistics would look like a new measurement.
OF_LEVEL = "Stored readings aren't computed again at another level: they would be dated as if newly measured."


def noted(reviewed: Review) -> Verdict:
    """The decision; a requirement whose evaluation has only been run otherwise says in `near` what was otherwise.

    One that asks for another version than is installed says that no run can answer it.
    """
    lacking = {item.id: int(item.id.partition(":")[2]) for item in reviewed.decision.unmet if item.kind == "evaluation"}
    if not lacking:
        return reviewed.decision
    rules = RequiredEvaluation.objects.in_bulk(lacking.values())
    not_run = {item.id for item in reviewed.decision.unmet if item.found == "0"}
    done = Evaluation.objects.filter(version=reviewed.version, root_digest=reviewed.version.root_digest)
    asked = done.filter(state=RunState.DONE, evaluator__in={rule.evaluator for rule in rules.values()})
    newest = asked.order_by("spec_digest", "-requested_at").distinct("spec_digest").defer("environment", "failure")
    runs = sorted(newest, key=lambda run: run.requested_at, reverse=True)
    words = {
        code: _outdated(rules[key]) or (_words(rules[key], runs) if code in not_run else "")
        for code, key in lacking.items()
        if key in rules
    }
    return replace(reviewed.decision, requirements=tuple(_with(item, words) for item in reviewed.decision.requirements))


def _outdated(rule: RequiredEvaluation) -> str:
    """Why no run can answer a rule for another version of the evaluator than this installation has."""
    installed = describe(rule.evaluator)["version"] if rule.evaluator in EVALUATORS else "none"
    if rule.evaluator_version == installed:
        return ""
    return f"It asks for version {rule.evaluator_version} of the evaluator, and {installed} is installed here. {REVISE}"


def _with(item: Requirement, words: dict[str, str]) -> Requirement:
    return replace(item, detail={**item.detail, "near": words[item.id]}) if words.get(item.id) else item


def _words(rule: RequiredEvaluation, runs: list[Evaluation]) -> str:
    """What was otherwise in the run that comes nearest, the newest of several; empty where there is none."""
    told = [list(_differences(rule, run)) for run in runs if run.evaluator == rule.evaluator]
    nearest = min(filter(None, told), key=len, default=[])
    if not nearest:
        return ""
    why = f" {OF_LEVEL}" if nearest[0].startswith(INTERVALS) else ""
    return f"It has run with {' and '.join(nearest)}. {AGAIN}{why}"


def _differences(rule: RequiredEvaluation, run: Evaluation) -> Iterator[str]:
    if run.level != rule.level:
        yield f"{INTERVALS} of {format_level(run.level)} instead of {format_level(rule.level)}"
    if run.evaluator_version != rule.evaluator_version:
        yield f"version {run.evaluator_version} of the evaluator instead of {rule.evaluator_version}"
    if normal_reads(run.subject) != normal_reads(rule.reads):
        yield "other columns or another favourable value"
    changed = sorted(name for name in {*run.parameters, *rule.parameters} if _set(run, name) != _set(rule, name))
    if changed:
        yield f"other settings ({', '.join(_title(rule.evaluator, name) for name in changed)})"


def _set(asked: Evaluation | RequiredEvaluation, name: str) -> tuple[object, ...]:
    """A setting that is written out is another one than the same left to its usual value, as the digest has it."""
    return (asked.parameters[name],) if name in asked.parameters else ()


def _title(evaluator: str, name: str) -> str:
    known = describe(evaluator)["params"].get("properties", {}) if evaluator in EVALUATORS else {}
    title = str(known.get(name, {}).get("title", name))
    return title[:1].lower() + title[1:]
