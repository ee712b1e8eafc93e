"""Names of the membership metrics."""

from evaluators.contract import Direction, Metric

ATTACKS = ("loss", "lira", "rmia")
TITLES = {"loss": "Loss attack", "lira": "Likelihood-ratio attack (LiRA)", "rmia": "Relative attack (RMIA)"}
AUC = {attack: f"privacy.mia.{attack}_auc" for attack in ATTACKS}
TPR = {attack: f"privacy.mia.{attack}_tpr_at_fpr" for attack in ATTACKS}
BLIND = "privacy.mia.blind_auc"

MEMBERSHIP_METRICS = (
    *(Metric(id=AUC[a], title=f"{TITLES[a]}: area under the curve", direction=Direction.LOWER) for a in ATTACKS),
    *(Metric(id=TPR[a], title=f"{TITLES[a]}: members found", direction=Direction.LOWER) for a in ATTACKS),
    Metric(id=BLIND, title="Control: members told apart without the model", direction=Direction.LOWER),
)
