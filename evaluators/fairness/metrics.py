"""Names of the group fairness metrics and the rates they rest on."""

from evaluators.contract import Direction, Metric

SHARES = {
    "fairness.selection_rate": "selection_rate",
    "fairness.base_rate": "base_rate",
    "fairness.tpr": "tpr",
    "fairness.fpr": "fpr",
    "fairness.fnr": "fnr",
    "fairness.ppv": "ppv",
    "fairness.npv": "npv",
}
DIFFERENCES = {
    "fairness.demographic_parity_difference": ("selection_rate",),
    "fairness.equal_opportunity_difference": ("tpr",),
    "fairness.equalized_odds_difference": ("tpr", "fpr"),
    "fairness.fpr_difference": ("fpr",),
    "fairness.fnr_difference": ("fnr",),
    "fairness.predictive_parity_difference": ("ppv",),
    "fairness.npv_difference": ("npv",),
}
RATIOS = {
    "fairness.demographic_parity_ratio": "selection_rate",
    "fairness.predictive_parity_ratio": "ppv",
}
COHORT_SD = "fairness.cohort_std"
EPSILON = "fairness.differential_epsilon"
PERMUTATION = "fairness.permutation_p"
TESTED = ("selection_rate", "tpr", "fpr", "ppv")
UNLABELLED = ("selection_rate",)

METRICS = (
    Metric(id="fairness.selection_rate", title="Selection rate", direction=Direction.NONE),
    Metric(id="fairness.base_rate", title="Base rate", direction=Direction.NONE),
    Metric(id="fairness.tpr", title="True positive rate", direction=Direction.NONE),
    Metric(id="fairness.fpr", title="False positive rate", direction=Direction.NONE),
    Metric(id="fairness.fnr", title="False negative rate", direction=Direction.NONE),
    Metric(id="fairness.ppv", title="Positive predictive value", direction=Direction.NONE),
    Metric(id="fairness.npv", title="Negative predictive value", direction=Direction.NONE),
    Metric(
        id="fairness.demographic_parity_difference",
        title="Demographic parity difference",
        direction=Direction.LOWER,
    ),
    Metric(
        id="fairness.demographic_parity_ratio",
        title="Demographic parity ratio",
        direction=Direction.HIGHER,
        unit="ratio",
    ),
    Metric(id="fairness.equal_opportunity_difference", title="Equal opportunity difference", direction=Direction.LOWER),
    Metric(id="fairness.equalized_odds_difference", title="Equalized odds difference", direction=Direction.LOWER),
    Metric(id="fairness.fpr_difference", title="False positive rate difference", direction=Direction.LOWER),
    Metric(id="fairness.fnr_difference", title="False negative rate difference", direction=Direction.LOWER),
    Metric(id="fairness.predictive_parity_difference", title="Predictive parity difference", direction=Direction.LOWER),
    Metric(id="fairness.npv_difference", title="Negative predictive value difference", direction=Direction.LOWER),
    Metric(
        id="fairness.predictive_parity_ratio", title="Predictive parity ratio", direction=Direction.HIGHER, unit="ratio"
    ),
    Metric(id=COHORT_SD, title="Spread of selection rates", direction=Direction.LOWER),
    Metric(id=EPSILON, title="Differential fairness epsilon", direction=Direction.LOWER, unit="nats"),
    Metric(
        id=PERMUTATION,
        title="Permutation test of equal rates",
        direction=Direction.NONE,
        unit="p-value",
        kind="test",
    ),
)
