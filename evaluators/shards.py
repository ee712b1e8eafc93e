"""Statistics of the parts of a table, measured apart, added to those of the whole.

| evaluator | seven parts |
|---|---|
| fairness.group, .classes, .subgroup, .paired, compression.harm, performance.multiclass | exactly the whole |
| performance.accuracy | exactly; areas under the curve up to 10,000 different scores, else refused |
| calibration.binary | exactly up to 10,000 different scores; above, sums, and no Hosmer-Lemeshow test |
| calibration.multiclass, fairness.regression, uncertainty.regression | sums, up to the last bits |
| data.representation, privacy.pii_scan, gen.format, gen.injection, gen.refusals | exactly the whole |
| all others | refused, for the reason that stands in `WHY_NOT` |
"""

from collections.abc import Mapping, Sequence
from typing import Any

from evaluators.catalog import load
from evaluators.contract import EvaluatorError, Json

IN_ORDER = "its points are read one after another, and a part begins in the middle"
COMPARED = "it compares rows with one another, also those of different parts"
RANKED = "it ranks all rows by a score"
LEARNT = "it learns from some rows what it says of others, and every part would learn something else"
DRAWN = "it draws its rows by lot from all of them, and every part would draw as many"
ASKED = "it asks the model questions of its own, which every part would ask again"
WINDOWS = "its bins and tests come from the quantiles and ranks of all rows"
WHOLE = "it reads a model, a file or a training log, which has no parts"
WHY_NOT: Mapping[str, str] = {
    "anomaly.series": IN_ORDER,
    "change.mean": IN_ORDER,
    "chart.control": IN_ORDER,
    "data.duplicates": COMPARED,
    "data.label_noise": LEARNT,
    "data.leakage": COMPARED,
    "data.proxy": LEARNT,
    "data.quality": "its types and outlying cells are judged by all values of a column",
    "drift.distribution": WINDOWS,
    "drift.joint": COMPARED,
    "drift.performance": IN_ORDER,
    "efficiency.model": WHOLE,
    "explain.agreement": DRAWN,
    "explain.faithfulness": DRAWN,
    "explain.randomisation": DRAWN,
    "explain.shap_global": DRAWN,
    "explain.shap_text": DRAWN,
    "explain.stability": DRAWN,
    "fairness.counterfactual": ASKED,
    "fairness.individual": COMPARED,
    "gen.consistency": ASKED,
    "gen.outputs": "its tests shuffle the outputs of all cohorts",
    "privacy.anonymity": "people who look alike may lie in different parts",
    "privacy.attribute_inference": LEARNT,
    "privacy.dp_accounting": WHOLE,
    "privacy.dp_audit": RANKED,
    "privacy.extraction": LEARNT,
    "privacy.membership": RANKED,
    "privacy.memorisation": RANKED,
    "robust.adversarial": DRAWN,
    "robust.boundary": DRAWN,
    "robust.corruption": DRAWN,
    "robust.noise": DRAWN,
    "robust.smoothing": DRAWN,
    "robust.tabular": DRAWN,
    "robust.text_checklist": ASKED,
    "robust.text_synonyms": DRAWN,
    "robust.text_typos": DRAWN,
    "security.backdoor_probe": DRAWN,
    "security.model_file": WHOLE,
    "security.provenance": WHOLE,
    "security.remote_code": WHOLE,
    "uncertainty.conformal": LEARNT,
    "uncertainty.doubt": RANKED,
    "uncertainty.selective": RANKED,
}


def merged(evaluator_id: str, parts: Sequence[Mapping[str, Any]]) -> Json:
    """What measuring all parts as one table would have yielded; the order of the parts doesn't matter.

    Parts are measured against the same reference and with the same parameters, and a cluster of rows, such as the
    outputs to one prompt, lies in one part. Raises EvaluatorError if there is no part, or if parts of this evaluator
    can't be added, with the reason.
    """
    if not parts:
        raise EvaluatorError("there are no parts to add")
    add = getattr(load(evaluator_id), "merge", None)
    if add is None:
        raise EvaluatorError(f"{evaluator_id} needs all rows at once: {WHY_NOT[evaluator_id]}")
    total: Json = dict(parts[0])
    for part in parts[1:]:
        total = add(total, part)
    return total
