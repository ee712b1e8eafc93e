"""Names of the performance metrics."""

from evaluators.contract import Direction, Metric

ACCURACY = "performance.accuracy"
BALANCED = "performance.balanced_accuracy"
AUC = "performance.auc"
AUC_PARITY = "fairness.auc_parity"

METRICS = (
    Metric(id=ACCURACY, title="Accuracy", direction=Direction.HIGHER),
    Metric(id=BALANCED, title="Balanced accuracy", direction=Direction.HIGHER),
    Metric(id=AUC, title="Area under the ROC curve", direction=Direction.HIGHER),
    Metric(id=AUC_PARITY, title="AUC difference between groups", direction=Direction.LOWER),
)
