"""What was measured: each number with its interval against its limit, by evaluator, with the curves beside them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from django.urls import reverse

from registry.gates.decide import decide
from registry.gates.values import Edge
from registry.gates.verdict import Requirement
from registry.models import Evaluation, Measurement, ModelVersion, Threshold
from registry.models.choices import Assurance, RunState, Stage
from registry.models.gate_inputs import active_revisions
from registry.reports import slices, tested
from registry.reports.method_words import method_words
from registry.reports.svg import clip
from registry.reports.wording import judged
from registry.services import verdicts
from registry.services.readings import LONGEST_SLICE
from registry.web.present import drawn, left_out, metrics, told_apart, versions
from registry.web.present.drawn import WHOLE
from registry.web.present.failures import failure_line

WORST_CLASS = "worst class"
RANKED = ("failed", "undecided", "waived", "passed")
RUN_COLUMNS = [{"title": name} for name in ("Run", "State", "Asked for by", "When", "Assurance")]


def section(version: Any) -> dict[str, Any]:
    """What `version_evidence.html` takes; `version` comes from `for_pages`."""
    measured = newest_measurements(version)
    judgements = judged_measurements(version)
    runs = list(drawn.with_files(Evaluation.objects.filter(version=version)).select_related("requested_by"))
    charts = drawn.drawings(measured, among={run.pk for run in runs if run.has_files})
    start = {"title": "Start an evaluation", "href": reverse("version-evaluate", args=[version.pk])}
    differs = told_apart.apart(runs)
    divides_people = any((row.evaluation.subject.get("columns") or {}).get("group") for row in measured)
    return {
        "groups": groups(measured, runs, judgements, figures=charts["figures"]),
        "divides_people": divides_people,
        "slices_title": "Group by group" if divides_people else "Part by part",
        "over_versions": drawn.over_versions(version, measured, judgements),
        "runs": [run_row(run, differs.get(run.spec_digest, "")) for run in runs],
        "run_columns": RUN_COLUMNS,
        "empty_actions": [start] if versions.may_be_evaluated(version) else [],
        **charts,
    }


def newest_measurements(*versions: ModelVersion) -> list[Measurement]:
    """The newest reading of every metric and slice of each version under each specification."""
    rows = Measurement.objects.filter(version__in=versions).select_related("evaluation")
    what = ("version", "spec_digest", "metric", "slice")
    return list(rows.order_by(*what, "-id").distinct(*what))


def judged_measurements(version: ModelVersion) -> dict[int, Requirement]:
    """The requirement that each judged measurement answers: what its next step asks of it, else what use asks.

    Use asks it already of a version that is far from it, and still of one that is in use or retired.
    """
    found: dict[int, Requirement] = {}
    for requirements in asked_of(version):
        found |= by_measurement(requirements)
    return found


def asked_of(version: ModelVersion) -> list[tuple[Requirement, ...]]:
    """What use asks of a version; then what its next step asks, where that is another and has limits."""
    ahead, use = versions.next_stage(version) or Stage.INFERENCE.value, Stage.INFERENCE.value
    limits = Threshold.objects.filter(evaluation__revision__in=active_revisions(version)[:1])
    has_limits_ahead = ahead != use and limits.filter(evaluation__to_stage=ahead).exists()
    return [_asked(version, stage) for stage in (use, ahead)[: 1 + has_limits_ahead]]


def by_measurement(requirements: Iterable[Requirement]) -> dict[int, Requirement]:
    """The requirement that each measurement answers; where two limits judge one number, the one that is worse met."""
    found: dict[int, Requirement] = {}
    for item in requirements:
        key = item.detail.get("measurement")
        if key and (key not in found or rank(judged(item)) < rank(judged(found[key]))):
            found[key] = item
    return found


def _asked(version: ModelVersion, to_stage: str) -> tuple[Requirement, ...]:
    """What entering a stage asks of a version, wherever it stands: as though one step led there."""
    reviewed = verdicts.review(version, to_stage=to_stage)
    step = Edge(from_stage=version.stage, to_stage=to_stage, guarded=True, needs_artifact=True)
    evidence = replace(reviewed.evidence, edge=step)
    return decide(reviewed.policy, evidence, to_stage=to_stage, now=reviewed.now).requirements


def groups(
    measured: list[Measurement],
    runs: list[Evaluation],
    judgements: dict[int, Requirement],
    *,
    figures: Mapping[str, drawn.Figures] | None = None,
) -> list[dict[str, Any]]:
    """A table for each specification: what is judged apart from the rest; single slices stand in the charts."""
    attempts = Counter(run.spec_digest for run in runs if run.state == RunState.DONE)
    differs = told_apart.apart(row.evaluation for row in measured)
    specs: dict[str, list[Measurement]] = {}
    for row in sorted(measured, key=lambda row: row.id):
        specs.setdefault(row.spec_digest, []).append(row)
    found: list[dict[str, Any]] = []
    for spec, rows in specs.items():
        judged_rows = [measurement(row, judgements[row.id]) for row in rows if row.id in judgements]
        others = [row for row in rows if row.slice in WHOLE and row.id not in judgements]
        run = rows[0].evaluation
        found.append(
            {
                "title": f"{metrics.evaluator_title(run.evaluator)}{told_apart.by_groups(run)}",
                "text": told_apart.how_often(run, attempts[spec], differs[spec]),
                "measurements": sorted(judged_rows, key=lambda row: rank(row["outcome"])),
                "others": [measurement(row, None) for row in others],
                "figures": (figures or {}).get(spec, []),
            }
        )
    found.sort(key=_urgency)
    # What no limit judges is folded; only where there is nothing else to see does the page begin with it open.
    for group in found:
        group["is_open"] = group is found[0] and not group["measurements"]
    return found


def _urgency(group: dict[str, Any]) -> int:
    """What fails stands first, what no limit judges last."""
    return min((rank(row["outcome"]) for row in group["measurements"]), default=len(RANKED))


def rank(outcome: str) -> int:
    """Its place among the outcomes, the worst first."""
    return RANKED.index(outcome) if outcome in RANKED else len(RANKED) - 1


def measurement(row: Measurement, requirement: Requirement | None) -> dict[str, Any]:
    """A row of the evidence table; with a requirement, its limit and what the gate makes of it."""
    shown = {
        "title": metrics.title(row.metric),
        "slice": where_in_unit(row),
        "slice_name": row.slice,
        "finding": drawn.finding(row),
        "unit": metrics.unit(row.metric),
        "href": f"{reverse('method', args=[row.metric])}?reading={row.pk}",
        "assurance": "" if row.assurance == Assurance.PLATFORM_RUN else Assurance(row.assurance).label,
        **{name: getattr(row, name) for name in ("value", "level", "n", "status", "reason")},
        "method": method_words(row.method),
        **dict(zip(("low", "high"), ends(row), strict=True)),
        "measured_at": row.measured_at,
        "is_part": row.slice not in WHOLE,
        "left_out": left_out.words(row.detail, row.statistics),
    }
    if requirement is not None:
        limits = {name: requirement.detail[name] for name in ("limit", "direction", "tolerance")}
        shown |= limits | {"outcome": judged(requirement)}
    return shown


def ends(row: Measurement) -> tuple[float | None, float | None]:
    """The ends of its interval; none for a test, whose interval is open where limits are met and says no more."""
    return (None, None) if tested.is_test(row.metric) else (row.low, row.high)


def where_in_unit(row: Measurement) -> str:
    """What a reading is about, and the unit of its numbers where they are bare and its method doesn't name it."""
    words = metrics.unit_words(row.metric)
    is_said = words in ("", method_words(row.method).partition(",")[0])
    return where(row) if is_said else f"{where(row)} · {words}"


def where(row: Measurement) -> str:
    """What a reading is about: everybody or all rows, the worst group by its name, or the two that differ most."""
    lowest, highest = (_called(row.detail.get(name)) for name in ("lowest", "highest"))
    if row.slice in ("worst", WORST_CLASS):
        is_high = highest and metrics.facts().get(row.metric, {}).get("direction") == "lower"
        named = highest if is_high else lowest
        return f"{slice_words(row)}, {slices.words(named)}" if named else slice_words(row)
    if lowest and highest:
        return slices.against(lowest, highest)
    return slice_words(row)


def _called(name: Any) -> str:
    """A slice's name within a detail, which holds whatever a pipeline sent."""
    return clip(name, LONGEST_SLICE) if isinstance(name, str) else ""


def slice_words(row: Measurement) -> str:
    """The reserved slices in words: whoever divides nobody into groups measures rows, or the model as it is."""
    subject = row.evaluation.subject
    everybody = "everybody" if (subject.get("columns") or {}).get("group") else "all rows"
    whole = "as a whole" if subject.get("kind") == "files" else everybody
    return whole if row.slice == "overall" else slices.words(row.slice)


def run_row(run: Evaluation, apart: str) -> list[dict[str, Any]]:
    """A run as a row of a table, with what tells it apart from others of its evaluator."""
    note = " · ".join(filter(None, [run.evaluator, told_apart.with_settings(run), apart]))
    title = f"{metrics.evaluator_title(run.evaluator)}{told_apart.by_groups(run)}"
    return [
        {"text": title, "href": reverse("evaluation", args=[run.pk]), "note": note},
        {"status": run.state, "note": failure_line(run.failure)},
        {"text": str(run.requested_by)},
        {"when": run.requested_at},
        {"text": Assurance(run.assurance).label},
    ]
