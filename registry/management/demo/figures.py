"""What was measured of a version, in words that a card can quote."""

from collections.abc import Mapping, Sequence

from registry.models import Evaluation, Measurement

RATIO = "fairness.demographic_parity_ratio"
# Name in the texts -> metric, slice.
QUOTED = {
    "ratio": (RATIO, "overall"),
    "opportunity": ("fairness.equal_opportunity_difference", "overall"),
    "balanced": ("performance.balanced_accuracy", "overall"),
    "worst": ("performance.balanced_accuracy", "worst"),
    "auc": ("performance.auc", "overall"),
    "accuracy": ("performance.accuracy", "overall"),
    "ece": ("calib.ece15_debiased", "overall"),
    "selected_white": ("fairness.selection_rate", "race=white"),
    "selected_other": ("fairness.selection_rate", "race=non-white"),
    "tpr_white": ("fairness.tpr", "race=white"),
    "tpr_other": ("fairness.tpr", "race=non-white"),
}
SHAP = "explain.shap.global"
TOP = 4


def measured_figures(runs: list[Evaluation]) -> dict[str, str]:
    """Every figure the card and the risks quote, from the readings of these runs; the last crosses race with sex."""
    *required, crossed = runs
    rows = {(row.metric, row.slice): row for row in Measurement.objects.filter(evaluation__in=required)}
    figures = quoted(required, QUOTED)
    overall = rows[(SHAP, "overall")]
    figures["explained"] = ", ".join(f"`{item['feature']}`" for item in overall.detail["top"][:TOP])
    return figures | crossed_figures(crossed)


def quoted(runs: Sequence[Evaluation], places: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Figures by name, each from the metric and slice it names. KeyError for one that none of these runs measured."""
    rows = {(row.metric, row.slice): row for row in Measurement.objects.filter(evaluation__in=runs)}
    return {name: quote(rows[metric, slice_]) for name, (metric, slice_) in places.items()}


def crossed_figures(run: Evaluation) -> dict[str, str]:
    """Approval by race and sex together."""
    rates = run.measurements.filter(metric="fairness.selection_rate", slice__contains="sex=", status="ok")
    both = [
        f"{row.slice.replace('race=', '').replace('sex=', '')} {quote(row)}" for row in rates if "race=" in row.slice
    ]
    ratio = run.measurements.get(metric=RATIO, slice="overall")
    return {"crossed_ratio": quote(ratio), "crossed_rates": "; ".join(sorted(both))}


def quote(row: Measurement) -> str:
    """The value with its interval, or why there is none."""
    if row.status != "ok" or row.value is None:
        return f"not measured ({row.reason})"
    if row.low is None or row.high is None:
        return f"{row.value:.3f}"
    return f"{row.value:.3f} ({row.low:.3f} to {row.high:.3f})"
