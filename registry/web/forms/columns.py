"""The columns that an evaluator reads, as fields: what each is called, what it holds, and which may stand for which."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from registry.web.forms.evaluations import divided

# Those that nearly every evaluator of predictions reads: they are asked for first, the others among the settings.
MAIN = ("label", "prediction", "score", "group")
LABELS = {
    "label": "Column of the true label",
    "prediction": "Column of the prediction",
    "score": "Column of the score",
    "group": "Columns of the groups",
    "text": "Column of the text",
    "baseline": "Column of the other model's prediction",
    "compressed": "Columns of further compressed models",
    "probability": "Columns of the probabilities",
    "baseline_probability": "Columns of the other model's probabilities",
    "cluster": "Column of the cluster",
    "weight": "Column of the weight",
    "time": "Column of the time",
    "split": "Column of the split",
    "member": "Column of membership",
    "reference": "Columns of other models' scores",
    "lower": "Column of the lower end",
    "upper": "Column of the upper end",
    "spread": "Column of the spread",
    "quasi": "Columns that an intruder may know",
    "sensitive": "Columns that an intruder wants to learn",
    "feature": "Columns of the features",
    "output": "Column of the output",
}
HELP = {
    "text": "The text that the model reads.",
    "baseline": "What the model predicted that this one is compared with.",
    "compressed": "What they predicted, one column per model.",
    "probability": "One column per class, with the class in its name.",
    "baseline_probability": "One column per class, with the class in its name.",
    "cluster": "Which rows belong together: the same person, document or template.",
    "weight": "How much a row counts.",
    "time": "A number, or a date written year first. Without it, the rows count as being in order.",
    "split": "Which part of the data the row belongs to.",
    "member": "Whether the model was trained on the row: 1 or 0, yes or no, true or false.",
    "reference": "Of models that were not trained on the row, one column per model.",
    "lower": "Of a predicted interval.",
    "upper": "Of a predicted interval.",
    "spread": "The standard deviation that was predicted.",
    "quasi": "Such as the year of birth, the postcode and the sex.",
    "sensitive": "Such as a diagnosis or an income.",
    "output": "The text that the model wrote.",
}
COMPARED = {"feature": "What is compared: every column that both tables have, if none is named."}
SERIES = {"feature": "The series, where it is no score.", "score": "The series."}
PROMPT = {"text": "The prompt that the model was given."}
# What a column is to one evaluator alone.
OWN: Mapping[str, Mapping[str, str]] = {
    "anomaly.series": SERIES,
    "change.mean": SERIES,
    "chart.control": SERIES,
    "data.duplicates": {"feature": "What is compared: every column, if none is named.", "text": "Compared as text."},
    "data.label_noise": {"feature": "What a model fitted here learns from, to doubt the labels with."},
    "data.leakage": {
        "feature": "What is compared, and what may give the outcome away: every column, if none is named.",
        "split": "In place of a second table: which rows are train, and which are others.",
        "time": "A number, or a date written year first. Without it, nothing is said of rows from the future.",
        "text": "Compared as text.",
    },
    "data.proxy": {"feature": "What the groups may be told from."},
    "data.representation": {"feature": "Searched for absent values.", "text": "Searched for absent values."},
    "drift.distribution": COMPARED,
    "drift.joint": COMPARED,
    "fairness.individual": {"feature": "What makes people alike: what the model reads, if none is named."},
    "gen.consistency": {"text": "The question. The same one may stand in several rows."},
    "gen.format": PROMPT,
    "gen.injection": PROMPT | {"label": "The word that the order inside the prompt asks for."},
    "gen.outputs": PROMPT
    | {"group": "The cohort that the prompt is about.", "cluster": "Which prompts differ in the cohort alone."},
    "gen.refusals": PROMPT
    | {"label": "Says harmful or benign. Without it, prompts are looked up among those known here."},
    "privacy.membership": {"feature": "What is known of a row without asking the model, for the control."},
    "privacy.memorisation": {
        "score": "The log-perplexity of the canary: low where the model finds it likely.",
        "text": "How the text goes on that the model was trained on.",
    },
    "privacy.pii_scan": {
        "text": "Searched, like the two below; if none of them is named, every column is searched.",
        "feature": "Further columns that are searched.",
    },
    "robust.text_checklist": {
        "split": "Of templates of your own, what the row tests: mft (what must hold), inv (a change that must not "
        "matter) or dir (a change that must move the answer one way).",
        "cluster": "Of templates of your own: which one the row was filled from.",
        "label": "Of templates of your own: the class that a row of kind mft must get; in other rows base for the one "
        "that the rest of its template is compared with, and of kind dir up or down.",
        "group": "Of templates of your own: the capability that is tested.",
    },
}
# Roles that several columns can play; every other is played by one.
MANY = frozenset(
    {"group", "probability", "baseline_probability", "compressed", "reference", "quasi", "sensitive", "feature"}
)
FORECASTS = (("score",), ("probability",))
WATCHED = (("score",), ("feature",))
# Of these, all columns of one or of another have to be named: which, an evaluator leaves open.
EITHER: Mapping[str, Sequence[Sequence[str]]] = {
    "anomaly.series": WATCHED,
    "calibration.multiclass": FORECASTS,
    "change.mean": WATCHED,
    "chart.control": WATCHED,
    "data.label_noise": (("probability",), ("feature",)),
    "data.proxy": (("feature",),),
    "drift.performance": (("label", "prediction"), ("probability",)),
    "privacy.memorisation": (("member", "score"), ("output", "text")),
    "uncertainty.conformal": (*FORECASTS, ("lower", "upper")),
    "uncertainty.doubt": FORECASTS,
    "uncertainty.regression": (("lower", "upper"), ("prediction", "spread")),
    "uncertainty.selective": FORECASTS,
}
BY_MODEL, WRITTEN = "Left empty, the model itself predicts.", "Left empty, the model itself writes."
FEW = 40


def field_name(role: str) -> str:
    """The field of a column: some roles have the names of files."""
    return role if role in MAIN else f"column-{role}"


def column_field(
    role: str, columns: Sequence[str] | None, *, evaluator: str, required: bool, may_skip: bool
) -> forms.Field:
    """To be typed; or chosen, where the columns of the table are known. `may_skip` where the model can say it."""
    by_model = WRITTEN if role == "output" else BY_MODEL
    said = [OWN.get(evaluator, {}).get(role) or HELP.get(role, ""), by_model if may_skip else ""]
    is_many = may_be_many(evaluator, role)
    if is_many and columns is None:
        said.append("Divided by commas.")
    words = " ".join(filter(None, said))
    common: dict[str, Any] = {"required": required, "label": label_of(evaluator, role), "help_text": words}
    if columns is None:
        return forms.CharField(**common)
    choices = [(name, name) for name in columns]
    if is_many:
        widget = forms.CheckboxSelectMultiple if len(columns) <= FEW else forms.SelectMultiple
        return forms.MultipleChoiceField(choices=choices, widget=widget, **common)
    return forms.ChoiceField(choices=[("", "not said"), *choices], **common)


def may_be_many(evaluator: str, role: str) -> bool:
    """Whether several columns can play the role: a series is one."""
    return role in MANY and not (role == "feature" and EITHER.get(evaluator) is WATCHED)


def label_of(evaluator: str, role: str) -> str:
    """What the column is called, or the columns are."""
    return LABELS[role] if may_be_many(evaluator, role) or role != "feature" else "Column of the feature"


def named(evaluator: str, role: str, value: Any) -> Any:
    """What was typed or chosen: a list where several columns can play the role."""
    return divided(value) if may_be_many(evaluator, role) and isinstance(value, str) else value


def undecided(evaluator: str, said: Mapping[str, Any], skipped: Sequence[str] = ()) -> tuple[Sequence[str], str]:
    """The columns to name where an evaluator needs these or those and has neither, and what to say of it."""
    ways = EITHER.get(evaluator, ())
    if not ways or any(all(said.get(role) or role in skipped for role in way) for way in ways):
        return (), ""
    words = ", or ".join(" and ".join(f"the {label_of(evaluator, role).lower()}" for role in way) for way in ways)
    begun = next((way for way in ways if any(said.get(role) for role in way)), ways[0])
    return [role for role in begun if not said.get(role)][:1], f"Name {words}."
