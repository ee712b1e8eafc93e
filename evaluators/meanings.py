"""What the files that an evaluator reads hold: the same role means other rows to another evaluator."""

from collections.abc import Mapping, Sequence

FILES: Mapping[str, str] = {
    "table": "the rows to measure, CSV or Parquet",
    "reference": "a second table that the first is compared with",
    "model": "the model that is measured",
    "baseline": "the other model, which it is compared with",
}
EARLIER = {"table": "the rows of now", "reference": "the rows of before, such as the training rows"}
OWN: Mapping[str, Mapping[str, str]] = {
    "chart.control": {
        "table": "the series that is watched",
        "reference": "rows of the series from when all was well; without it, the first rows of the table",
    },
    "data.leakage": {
        "table": "the rows held out, such as the test rows",
        "reference": "the rows that the model was trained on",
    },
    "data.quality": {"reference": "a table whose columns and types this one should have"},
    "data.representation": {"reference": "rows in which every group has the share that it should have"},
    "drift.distribution": EARLIER,
    "drift.joint": EARLIER,
    "drift.performance": {
        "table": "the rows of now",
        "reference": "the rows of before, such as those held out of the training",
    },
    "privacy.membership": {
        "table": "the rows that the model was trained on, the members; or both, told apart by the column of membership",
        "reference": "rows like them that the model was not trained on, the non-members",
    },
    "uncertainty.doubt": {
        "table": "the rows that may be strange to the model",
        "reference": "rows of the kind that the model knows",
    },
}


def meanings(evaluator_id: str, needs: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """By role, what each file holds that this evaluator reads or may read."""
    own = OWN.get(evaluator_id, {})
    read = {name for names in needs.values() for name in names}
    return {role: own.get(role, words) for role, words in FILES.items() if role in read}
