"""What an evaluator counted on its way to a number, in words that need no knowledge of its code."""

from collections.abc import Mapping
from typing import Any

from registry.reports import slices
from registry.reports.figures import format_interval, format_number, is_number
from registry.reports.svg import clip

# What of a reading's details is shown elsewhere, or is no answer to how it was measured.
ELSEWHERE = frozenset({"lowest", "highest", "excluded", "seed", "wall_s", "epsilon", "cut"})
NOT_OF_PARTS = ELSEWHERE | {"groups", "rate"}
NAMES = {
    "adaptive": "Uncorrected, in bins of equal size",
    "adjusted": "adjusted p",
    "attack_accuracy": "Right with the model's answer",
    "attacks": "Attack",
    "base": "Mean output on the background",
    "baseline_accuracy": "Right without it",
    "beyond_blind": "Beyond the control",
    "black": "Rows turned by scores alone",
    "blind_auc": "Area of the control",
    "broken": "turned",
    "budget_exhausted": "Ended by its time limit",
    "clean_accuracy": "Accuracy on inputs as they are",
    "clipped": "Probabilities clipped",
    "cut_short": "Rows ended by the limit of queries",
    "decomposition": "Part",
    "effective_n": "Effective rows",
    "false_alarm": "Chance of a false alarm",
    "first": "First signal",
    "gradients": "Gradients asked for",
    "highest_value": "Highest",
    "initially_right": "Right at first",
    "is_churn": "May be mere churn",
    "is_inside_law": "Inside its 99% range",
    "joint_level": "Level of each part",
    "key_sha256": "Key",
    "law_99": "99% range",
    "left_out": "Rows left out",
    "log_ratio_interval": "Interval on the log scale",
    "lowest_value": "Lowest",
    "method": "Kind of set",
    "minimum_detectable_gap": "Gap seen with 80% power",
    "norm": "A change is measured by",
    "null_mean": "Mean under calibration",
    "only_new_right": "Only the new model is right",
    "only_old_right": "Only the old model is right",
    "outcome": "The value is of the outcome",
    "output": "What is explained",
    "p_value_is": "The p-value is",
    "quantile": "Critical value",
    "queries_per_row": "Queries per row, on average",
    "rate_interval": "True rate of false alarms",
    "rates": "Compared",
    "raw": "Before chance is subtracted",
    "recall": "Recall, class",
    "replicates": "Redrawn samples",
    "scale": "Moved on the scale of",
    "skill": "Skill against the base rate",
    "success": "Right rows that were turned",
    "support": "Rows",
    "target": "Asked for",
    "tests": "Test",
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
PARTS = {
    "apgd-ce": "Auto-PGD on cross-entropy",
    "apgd-dlr": "Auto-PGD on the ratio of differences",
    "apgd-targeted": "Auto-PGD towards other classes",
    "pgd": "PGD",
    "square": "search by scores",
}
SHARES = frozenset({"accuracy_under_attack", "attack_accuracy", "baseline_accuracy", "clean_accuracy", "drop"}) | {
    "adaptive",
    "constraint_pass_rate",
    "joint_level",
    "law_99",
    "null_mean",
    "rate_interval",
    "raw",
    "recall",
    "success",
    "target",
    "weighted",
}
# Shares wherever it is said which rate they are of.
OF_A_RATE = frozenset({"gap", "highest_value", "lowest_value", "minimum_detectable_gap"})
DIGEST = "_sha256"
MOST_PARTS, MOST_LETTERS = 12, 200


def facts(detail: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the evaluator itself says of its way: queries, rows done, whether its time ended it, what it compared.

    Names of one letter are counts within its formulas; longer lists are evidence and drawn elsewhere.
    """
    found: list[dict[str, Any]] = []
    for name, value in detail.items():
        if name not in ELSEWHERE and len(name) > 1:
            found += _facts(name, value, OF_A_RATE if isinstance(detail.get("rate"), str) else frozenset())
    return sorted(found, key=lambda fact: str(fact["name"]))


def _facts(name: str, value: Any, rates: frozenset[str]) -> list[dict[str, Any]]:
    """One fact of a plain value or a pair of ends, one for each of several parts, none of what is longer."""
    unit = _unit(name, rates)
    if isinstance(value, Mapping):
        parts = {part: _words(each, unit) for part, each in value.items() if len(value) <= MOST_PARTS}
        return [{"name": _name_of(name, part), "value": words} for part, words in parts.items() if words]
    if isinstance(value, list) and len(value) == 2 and all(map(is_number, value)):
        return [{"name": _name(name), "value": format_interval(*value, unit=unit)}]
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        return [{"name": _name(name), "value": clip(", ".join(map(slices.words, value)), MOST_LETTERS)}]
    if not _is_plain(value):
        return []
    return [{"name": _name(name), "digest" if name.endswith(DIGEST) else "value": _plain(value, unit)}]


def _words(value: Any, unit: str) -> str:
    """A part's value, or what is known of it: 'tried 289, broken 118'."""
    if isinstance(value, Mapping):
        rates = OF_A_RATE if isinstance(value.get("rate"), str) else frozenset()
        known = {name: each for name, each in value.items() if _is_plain(each) and name not in NOT_OF_PARTS}
        return ", ".join(f"{_name(name).lower()} {_plain(each, _unit(name, rates))}" for name, each in known.items())
    return _plain(value, unit) if _is_plain(value) else ""


def _name_of(name: str, part: str) -> str:
    words = PARTS.get(part) or slices.words(part).replace("_", " ")
    return f"{_name(name)}{',' if ':' in words else ':'} {words}"


def _name(name: str) -> str:
    return NAMES.get(name) or name.removeprefix("is_").removesuffix(DIGEST).replace("_", " ").capitalize()


def _unit(name: str, rates: frozenset[str]) -> str:
    return "rate" if name in SHARES | rates else ""


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float | bool) and value != ""


def _plain(value: Any, unit: str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return format_number(value, unit)
    return VALUES.get(value) or clip(value, MOST_LETTERS)
