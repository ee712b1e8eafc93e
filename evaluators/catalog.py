"""Which evaluators there are. Looking one up imports its module, never a heavy library."""

import importlib
import re
from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from evaluators.contract import Direction, Evaluator, EvaluatorError, Json, Reading
from evaluators.meanings import meanings
from evaluators.parameters import complete, schema

EVALUATORS: Mapping[str, str] = {
    "anomaly.series": "evaluators.monitoring.anomalies.SeriesAnomalies",
    "calibration.binary": "evaluators.uncertainty.calibration.BinaryCalibration",
    "calibration.multiclass": "evaluators.uncertainty.multiclass.MulticlassCalibration",
    "change.mean": "evaluators.monitoring.anomalies.MeanChanges",
    "chart.control": "evaluators.monitoring.control.ControlCharts",
    "compression.harm": "evaluators.compression.compare.CompressionHarm",
    "data.duplicates": "evaluators.data.duplicates.Duplicates",
    "data.label_noise": "evaluators.data.label_noise.LabelNoise",
    "data.leakage": "evaluators.data.leakage.Leakage",
    "data.proxy": "evaluators.data.proxy.ProxyAuc",
    "data.quality": "evaluators.data.tables.TableQuality",
    "data.representation": "evaluators.data.representation.Representation",
    "drift.distribution": "evaluators.monitoring.distribution.DistributionDrift",
    "drift.joint": "evaluators.monitoring.rows.JointDrift",
    "drift.performance": "evaluators.monitoring.losses.PerformanceDrift",
    "efficiency.model": "evaluators.compression.efficiency.Efficiency",
    "explain.agreement": "evaluators.explainability.agreement.Agreement",
    "explain.faithfulness": "evaluators.explainability.faithfulness.Faithfulness",
    "explain.randomisation": "evaluators.explainability.randomisation.Randomisation",
    "explain.shap_global": "evaluators.explainability.shap_global.GlobalShap",
    "explain.shap_text": "evaluators.explainability.shap_text.TextShap",
    "explain.stability": "evaluators.explainability.stability.Stability",
    "fairness.classes": "evaluators.fairness.classes.ClassFairness",
    "fairness.counterfactual": "evaluators.fairness.counterfactual.Counterfactual",
    "fairness.group": "evaluators.fairness.group.GroupFairness",
    "fairness.individual": "evaluators.fairness.individual.IndividualFairness",
    "fairness.paired": "evaluators.fairness.paired.PairedFairness",
    "fairness.regression": "evaluators.fairness.regression.RegressionFairness",
    "fairness.subgroup": "evaluators.fairness.subgroups.SubgroupFairness",
    "gen.consistency": "evaluators.generative.consistency.SelfConsistency",
    "gen.format": "evaluators.generative.formats.Formats",
    "gen.injection": "evaluators.generative.injection.Injection",
    "gen.outputs": "evaluators.generative.outputs.WrittenOutputs",
    "gen.refusals": "evaluators.generative.refusals.Refusals",
    "performance.accuracy": "evaluators.performance.accuracy.Accuracy",
    "performance.multiclass": "evaluators.performance.multiclass.Multiclass",
    "privacy.anonymity": "evaluators.privacy.anonymity.Anonymity",
    "privacy.attribute_inference": "evaluators.privacy.attributes.AttributeInference",
    "privacy.dp_accounting": "evaluators.privacy.dp_accounting.DpAccounting",
    "privacy.dp_audit": "evaluators.privacy.dp_audit.DpAudit",
    "privacy.extraction": "evaluators.privacy.extraction.Extraction",
    "privacy.membership": "evaluators.privacy.membership.Membership",
    "privacy.memorisation": "evaluators.privacy.memorisation.Memorisation",
    "privacy.pii_scan": "evaluators.privacy.pii_scan.PiiScan",
    "robust.adversarial": "evaluators.robustness.adversarial.AdversarialAccuracy",
    "robust.boundary": "evaluators.robustness.boundary.DecisionBoundary",
    "robust.corruption": "evaluators.robustness.corruption.CorruptionDrop",
    "robust.noise": "evaluators.robustness.noise.NoiseAccuracy",
    "robust.smoothing": "evaluators.robustness.certified.CertifiedRadius",
    "robust.tabular": "evaluators.robustness.tabular.TabularRobustness",
    "robust.text_checklist": "evaluators.robustness.checklist.TextChecklist",
    "robust.text_synonyms": "evaluators.robustness.text_synonyms.TextSynonyms",
    "robust.text_typos": "evaluators.robustness.text_typos.TextTypos",
    "security.backdoor_probe": "evaluators.security.backdoor.BackdoorProbe",
    "security.model_file": "evaluators.security.model_file.ModelFile",
    "security.provenance": "evaluators.security.provenance.Provenance",
    "security.remote_code": "evaluators.security.remote.RemoteCode",
    "uncertainty.conformal": "evaluators.uncertainty.conformal_coverage.ConformalCoverage",
    "uncertainty.doubt": "evaluators.uncertainty.doubt.Doubt",
    "uncertainty.regression": "evaluators.uncertainty.regression.RegressionUncertainty",
    "uncertainty.selective": "evaluators.uncertainty.selective_risk.SelectiveRisk",
}
# Which evaluators tell something about how well a technique of the MITRE ATLAS matrix would work. Ids are facts; what
# each evaluator can and can't tell stands on its method pages.
ATLAS: Mapping[str, tuple[str, ...]] = {
    "AML.T0005.001": ("privacy.extraction",),
    "AML.T0010.002": ("data.duplicates", "data.label_noise"),
    "AML.T0010.003": ("security.backdoor_probe", "security.model_file", "security.provenance"),
    "AML.T0011.000": ("security.model_file", "security.remote_code"),
    "AML.T0015": (
        "robust.adversarial",
        "robust.boundary",
        "robust.smoothing",
        "robust.tabular",
        "robust.text_synonyms",
        "robust.text_typos",
    ),
    "AML.T0018.000": ("security.backdoor_probe",),
    "AML.T0018.001": ("security.model_file",),
    "AML.T0018.002": ("security.model_file", "security.remote_code"),
    "AML.T0019": ("data.duplicates", "data.label_noise"),
    "AML.T0020": ("data.duplicates", "data.label_noise", "data.quality"),
    "AML.T0024.000": ("privacy.dp_accounting", "privacy.dp_audit", "privacy.membership"),
    "AML.T0024.001": ("privacy.attribute_inference",),
    "AML.T0024.002": ("privacy.extraction",),
    "AML.T0031": ("drift.joint", "drift.performance"),
    "AML.T0043.000": ("robust.adversarial",),
    "AML.T0043.001": ("robust.adversarial", "robust.boundary"),
    "AML.T0043.003": ("robust.tabular", "robust.text_checklist", "robust.text_typos"),
    "AML.T0043.004": ("security.backdoor_probe",),
    "AML.T0048.003": ("gen.outputs",),
    "AML.T0051.001": ("gen.injection",),
    "AML.T0054": ("gen.refusals",),
    "AML.T0057": ("gen.outputs", "privacy.memorisation", "privacy.pii_scan"),
    "AML.T0058": ("security.backdoor_probe", "security.model_file", "security.provenance"),
    "AML.T0059": ("data.label_noise", "data.quality", "drift.distribution"),
}
# Further than any limit that means something: where nothing bounds what a test might have found.
BEYOND_LIMITS = 1e6
# JSON has no infinity, and a missing end would be no interval, so that a test could not even fail a limit.
UNBOUNDED = "open: the test bounds nothing on this side, and the number stands for infinity"
METHODS = Path(__file__).parent / "methods"


class UnknownEvaluator(EvaluatorError):
    """No evaluator has that id, or not in that version."""


def load(evaluator_id: str, version: str | None = None) -> Evaluator:
    """The evaluator with that id. Raises UnknownEvaluator if there is none, or not in the version asked for."""
    if evaluator_id not in EVALUATORS:
        raise UnknownEvaluator(f"no evaluator {evaluator_id!r}; {_near(evaluator_id)}")
    module, _, name = EVALUATORS[evaluator_id].rpartition(".")
    evaluator: Evaluator = getattr(importlib.import_module(module), name)()
    if version is not None and version != evaluator.version:
        raise UnknownEvaluator(f"{evaluator_id} is at version {evaluator.version}; version {version!r} isn't here")
    return evaluator


def _near(name: str) -> str:
    """What somebody who typed that may have meant: a family, a slip of the fingers, or anything there is."""
    found = [one for one in sorted(EVALUATORS) if one.startswith(f"{name}.")] or get_close_matches(name, EVALUATORS)
    return f"did you mean {' or '.join(found)}?" if found else "all are listed by: python -m evaluators list"


def family(evaluator_id: str) -> str:
    """The room it lives in."""
    return EVALUATORS[evaluator_id].split(".")[1]


def of_family(name: str) -> list[str]:
    """The evaluators of a family, or those whose ids begin alike. Raises UnknownEvaluator if there are none."""
    found = [one for one in sorted(EVALUATORS) if family(one) == name or one.startswith(f"{name}.")]
    if not found:
        raise UnknownEvaluator(f"no family {name!r}; there are {', '.join(sorted(set(map(family, EVALUATORS))))}")
    return found


def describe(evaluator_id: str) -> Json:
    """What a form, an API and a report need to know about an evaluator, as JSON-ready data."""
    evaluator = load(evaluator_id)
    return {
        "id": evaluator.id,
        "version": evaluator.version,
        "title": evaluator.title,
        "input_kind": evaluator.input_kind,
        "cost_class": evaluator.cost_class,
        "queue": evaluator.device,
        "needs": {kind: list(names) for kind, names in evaluator.needs.items()},
        "reads": meanings(evaluator.id, evaluator.needs),
        "params": schema(evaluator.parameters),
        "metrics": [
            {
                "id": metric.id,
                "title": metric.title,
                "direction": metric.direction.value,
                "unit": metric.unit,
                "kind": metric.kind,
                "method": method_page(metric.id),
            }
            for metric in evaluator.metrics
        ],
    }


@cache
def method_page(metric_id: str) -> str:
    """The method page of a metric, in Markdown. Raises EvaluatorError if it has none."""
    page = METHODS / f"{metric_id}.md"
    if not re.fullmatch(r"[a-z0-9_.]+", metric_id) or not page.is_file():
        raise EvaluatorError(f"no method page for {metric_id!r}")
    return page.read_text(encoding="utf-8")


def summarise(
    evaluator_id: str, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
) -> list[Reading]:
    """Readings from stored statistics, with no file and no model.

    The statistics of one reading yield that reading again (same metric and slice) among others.
    """
    evaluator = load(evaluator_id)
    completed = complete(evaluator.parameters, params)
    return readings(evaluator, statistics, params=completed, level=level, seed=seed)


def readings(
    evaluator: Evaluator, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
) -> list[Reading]:
    """What the evaluator summarises, with no test able to meet a limit."""
    tests = {metric.id: metric.direction for metric in evaluator.metrics if metric.kind == "test"}
    found = evaluator.summarise(statistics, params=params, level=level, seed=seed)
    return [_as_test(one, tests[one.metric]) if one.metric in tests else one for one in found]


def _as_test(reading: Reading, direction: Direction) -> Reading:
    """A test that found nothing shows nothing: its interval stays open on the side where limits are met."""
    if reading.low is None or reading.high is None:
        return reading
    if direction is Direction.LOWER:
        detail = reading.detail | {"high_is": UNBOUNDED}
        return replace(reading, high=max(reading.high, BEYOND_LIMITS), detail=detail)
    if direction is Direction.HIGHER:
        detail = reading.detail | {"low_is": UNBOUNDED}
        return replace(reading, low=min(reading.low, -BEYOND_LIMITS), detail=detail)
    return replace(reading, low=None, high=None)
