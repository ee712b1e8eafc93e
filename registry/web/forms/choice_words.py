"""What the choices of a parameter are called where people choose: a program's name for them explains nothing."""

from collections.abc import Mapping
from typing import Any

from evaluators.language.pii import TITLES

WORDS: Mapping[str, Mapping[str, str]] = {
    "by": {
        "max_probability": "its largest probability",
        "margin": "the distance of its two likeliest classes",
        "entropy": "the entropy of its probabilities",
    },
    "conversion": {"classic": "the classic way", "tighter": "a tighter way"},
    "equalized_odds": {"worst": "the worse of both gaps", "mean": "their mean"},
    "explainer": {
        "auto": "whatever suits the model",
        "linear": "the weights of a linear model",
        "tree": "the branches of trees",
        "permutation": "permutations of the features",
        "exact": "all subsets of the features, exactly",
        "gradient": "the gradient of a network",
        "local": "a linear model fitted around each row",
    },
    "kinds": TITLES,
    "method": {
        "threshold": "those above a threshold of probability",
        "adaptive": "the likeliest, until they add up to enough",
    },
    "nearness": {
        "auto": "texts if named, else rounded values",
        "text": "their text",
        "rows": "rounded values",
        "vectors": "the angle of their numbers",
    },
    "norm": {"linf": "by the largest change (L∞)", "l2": "by the length of the change (L2)"},
    "ordered": {"numbers": "those of numbers", "all": "all", "none": "none"},
    "source": {"both": "of the table and of templates", "table": "of the table", "templates": "of templates"},
    "variant": {
        "prune50": "50% of its weights set to 0",
        "prune70": "70% of its weights set to 0",
        "prune90": "90% of its weights set to 0",
        "int8": "rounded to 8 bits",
    },
}


def choice_words(parameter: str, value: Any) -> str:
    """A choice in words; as it is, where it explains itself."""
    return WORDS.get(parameter, {}).get(str(value), str(value))
