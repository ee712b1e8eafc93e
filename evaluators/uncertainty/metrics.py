"""Names of the calibration metrics."""

from evaluators.contract import Direction, Metric

ECE = "calib.ece15_debiased"
BRIER = "calib.brier"
LOGLOSS = "calib.logloss"
SPIEGELHALTER = "calib.spiegelhalter_z"
HOSMER_LEMESHOW = "calib.hosmer_lemeshow"
PARITY = "fairness.calibration_parity"

METRICS = (
    Metric(id=ECE, title="Expected calibration error, debiased", direction=Direction.LOWER),
    Metric(id=BRIER, title="Brier score", direction=Direction.LOWER, unit="squared error"),
    Metric(id=LOGLOSS, title="Log loss", direction=Direction.LOWER, unit="nats"),
    Metric(id=SPIEGELHALTER, title="Spiegelhalter's z", direction=Direction.NONE, unit="z", kind="test"),
    Metric(id=HOSMER_LEMESHOW, title="Hosmer–Lemeshow test", direction=Direction.NONE, unit="chi-squared", kind="test"),
    Metric(id=PARITY, title="Calibration error difference between groups", direction=Direction.LOWER),
)
