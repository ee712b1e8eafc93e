"""What an evaluator counted on its way to a number, in words that need no knowledge of its code."""

import json
from collections.abc import Mapping
from typing import Any

from registry.reports.figures import format_number
from registry.reports.svg import clip

# What of a reading's details is shown elsewhere, or is no answer to how it was measured.
ELSEWHERE = frozenset({"lowest", "highest", "excluded", "seed", "wall_s", "epsilon"})
NAMES = {
    "adaptive": "Uncorrected, in bins of equal size",
    "attack_accuracy": "Right with the model's answer",
    "base": "Mean output on the background",
    "baseline_accuracy": "Right without it",
    "black": "Rows turned by scores alone",
    "blind_auc": "Area of the control",
    "budget_exhausted": "Ended by its time limit",
    "clean_accuracy": "Accuracy on inputs as they are",
    "clipped": "Probabilities clipped",
    "cut_short": "Rows ended by the limit of queries",
    "effective_n": "Effective rows",
    "false_alarm": "Chance of a false alarm",
    "first": "First signal",
    "gradients": "Gradients asked for",
    "highest_value": "Highest",
    "initially_right": "Right at first",
    "is_inside_law": "Inside its 99% range",
    "joint_level": "Level of each part",
    "key_sha256": "Key",
    "left_out": "Rows left out",
    "lowest_value": "Lowest",
    "method": "Kind of set",
    "minimum_detectable_gap": "Gap seen with 80% power",
    "norm": "A change is measured by",
    "null_mean": "Mean under calibration",
    "only_new_right": "Only the new model is right",
    "only_old_right": "Only the old model is right",
    "output": "What is explained",
    "p_value_is": "The p-value is",
    "quantile": "Critical value",
    "rate": "Rate compared",
    "raw": "Before chance is subtracted",
    "replicates": "Redrawn samples",
    "scale": "Moved on the scale of",
    "skill": "Skill against the base rate",
    "success": "Right rows that were turned",
    "target": "Asked for",
    "texts_naming_nobody": "Texts that name nobody",
    "transfer": "Rows turned from a stand-in",
    "undefined_replicates": "Redrawn samples without a value",
    "unique_rows": "Rows alone in their class",
    "units_done": "Items done",
    "unreached": "Rows without another label",
    "unsteady": "Rows answered differently when asked twice",
    "weighted": "Weighted by size",
    "white": "Rows turned by gradients",
    "zero": "Rows with a gradient of zero",
}
VALUES = {"linf": "its largest part", "l2": "its length"}
SHARES = frozenset({"attack_accuracy", "baseline_accuracy", "clean_accuracy", "joint_level", "success", "target"})
# Shares wherever it is said which rate they are of.
OF_A_RATE = frozenset({"highest_value", "lowest_value", "minimum_detectable_gap"})
DIGEST = "_sha256"


def facts(detail: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the evaluator itself says of its way: queries, rows done, whether its time ended it, what it compared.

    Names of one letter are counts within its formulas.
    """
    plain = {
        name: value for name, value in detail.items() if isinstance(value, str | int | float | bool) and value != ""
    }
    shares = SHARES | OF_A_RATE if "rate" in plain else SHARES
    return [
        _fact(name, value, unit="rate" if name in shares else "")
        for name, value in sorted(plain.items())
        if name not in ELSEWHERE and len(name) > 1
    ]


def _fact(name: str, value: Any, *, unit: str) -> dict[str, Any]:
    said = NAMES.get(name) or name.removesuffix(DIGEST).replace("_", " ").capitalize()
    return {"name": said, "digest" if name.endswith(DIGEST) else "value": _plain(value, unit)}


def _plain(value: Any, unit: str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return format_number(value, unit)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return VALUES.get(text) or clip(text, 200)
