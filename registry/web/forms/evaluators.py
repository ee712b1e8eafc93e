"""Asking for an evaluation of one's own: the fields are those that the chosen evaluator needs, and no other."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django import forms

from evaluators.catalog import EVALUATORS, describe
from registry.models import Artifact, ModelVersion
from registry.web.forms.evaluations import InputsForm, divided
from registry.web.forms.tables import columns_of, missing

ROLES = {
    "label": "Column of the true label",
    "prediction": "Column of the prediction",
    "score": "Column of the score",
    "group": "Columns of the groups",
}
SCORES = [("", "not said"), ("probability", "a probability"), ("ranking", "only a ranking")]
PARAMETER = "parameter-"
FEW, LEVEL = 40, 0.95


class EvaluatorForm(forms.Form):
    """Which evaluator. With script, choosing one shows at once what it needs."""

    evaluator = forms.ChoiceField(
        choices=lambda: [("", "choose one"), *((name, describe(name)["title"]) for name in sorted(EVALUATORS))]
    )

    def __init__(self, *args: Any, href: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["evaluator"].widget.attrs |= swapping(href)


def swapping(href: str) -> dict[str, str]:
    """Attributes of a field whose choice asks for the page anew and takes in the part of it that the choice changes."""
    live = {
        "get": href,
        "trigger": "change",
        "target": "#ask",
        "select": "#ask",
        "swap": "outerHTML",
        "push-url": "true",
    }
    return {f"hx-{name}": value for name, value in live.items()}


class FreeForm(InputsForm):
    """One evaluator with any columns and parameters. Where the table was chosen first, its columns are choices."""

    def __init__(
        self, *args: Any, version: ModelVersion, evaluator: str, table: Artifact | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, version=version, evaluators=[evaluator], **kwargs)
        self.evaluator, self.facts = evaluator, describe(evaluator)
        self.chosen = table if self.reads_table else None
        if self.chosen:
            del self.fields["table_file"]
            self.fields["table"].widget, self.fields["table"].initial = forms.HiddenInput(), self.chosen
        elif self.reads_table:
            self.fields["table"].widget.attrs |= swapping(f"?evaluator={evaluator}")
        self._add_columns(columns_of(self.chosen))
        if self.reads_table:
            self.fields["level"] = forms.FloatField(
                initial=LEVEL,
                required=False,
                min_value=0.5,
                max_value=0.9999,
                label="Confidence level of the intervals",
                help_text="Empty is the usual 0.95.",
            )
        for name, schema in self.facts["params"].get("properties", {}).items():
            self.fields[PARAMETER + name] = _parameter(schema)
        self.order_fields(["table_file", "table", *ROLES, "score_kind", "favourable", "features"])

    def _add_columns(self, columns: Sequence[str] | None) -> None:
        needs = self.facts["needs"]
        required, offered = needs.get("columns", ()), [*needs.get("columns", ()), *needs.get("optional", ())]
        for role in (role for role in ROLES if role in offered):
            self.fields[role] = _column(role, columns, required=role in required)
        if "score_kind" in offered:
            self.fields["score_kind"] = forms.ChoiceField(
                required="score_kind" in required, choices=SCORES, label="What kind of number the score is"
            )
        if "favourable" in offered:
            self.fields["favourable"] = forms.CharField(
                required="favourable" in required,
                label="Value that counts as favourable",
                help_text="As it stands in the table, such as 1 or approved.",
            )

    def only_saying(self, other: forms.BaseForm) -> "FreeForm":
        """The same form, as it was filled in, with what is wrong in another one and nothing else."""
        self._errors = other.errors
        self.refused = getattr(other, "refused", None)
        return self

    def main_fields(self) -> list[forms.BoundField]:
        """What has to be said."""
        shown = [name for name in self.fields if name not in self._settings()]
        return [self[name] for name in shown if not self[name].is_hidden]

    def setting_fields(self) -> list[forms.BoundField]:
        """What may stay as it is."""
        return [self[name] for name in self._settings()]

    def has_wrong_setting(self) -> bool:
        """Whether one of these has to be looked at."""
        return any(name in self.errors for name in self._settings())

    def _settings(self) -> list[str]:
        return [name for name in self.fields if name in ("level", "dataset_version") or name.startswith(PARAMETER)]

    def locate(self, name: str) -> tuple[str | None, str]:
        """The service's names of a column or a parameter, as fields."""
        for field in (name, name.rpartition(".")[2], PARAMETER + name):
            if field in self.fields:
                return field, ""
        return None, name

    def absent(self, columns: Sequence[str], name: str) -> Iterator[tuple[str, str]]:
        """Each column that was named and isn't there, beside where it was named."""
        yield from missing(self._columns(), columns, name)
        yield from super().absent(columns, name)

    def _columns(self) -> dict[str, Any]:
        named = {role: self.cleaned_data[role] for role in ROLES if self.cleaned_data.get(role)}
        if isinstance(groups := named.get("group"), str):
            named["group"] = divided(groups)
        return named

    def wanted(self) -> dict[str, Any]:
        """The evaluator, its parameters where they differ from the usual, what it reads, and at which level."""
        usual: Mapping[str, Any] = self.facts["params"].get("properties", {})
        given = {name: self.cleaned_data[PARAMETER + name] for name in usual}
        return {
            "evaluator": self.evaluator,
            "parameters": {
                name: value for name, value in given.items() if value not in (None, "", usual[name].get("default"))
            },
            "level": self.cleaned_data.get("level") or LEVEL,
            "reads": {
                "columns": self._columns(),
                "favourable": self.cleaned_data.get("favourable") or None,
                "score_kind": self.cleaned_data.get("score_kind") or None,
            },
        }


def _column(role: str, columns: Sequence[str] | None, *, required: bool) -> forms.Field:
    label = ROLES[role]
    if columns is None:
        return forms.CharField(
            required=required, label=label, help_text="Divided by commas." if role == "group" else ""
        )
    choices = [(name, name) for name in columns]
    if role == "group":
        widget = forms.CheckboxSelectMultiple if len(columns) <= FEW else forms.SelectMultiple
        return forms.MultipleChoiceField(required=required, label=label, choices=choices, widget=widget)
    return forms.ChoiceField(required=required, label=label, choices=[("", "not said"), *choices])


def _parameter(schema: Mapping[str, Any]) -> forms.Field:
    common = {"label": schema["title"], "initial": schema.get("default"), "required": False}
    bounds = {"min_value": schema.get("minimum"), "max_value": schema.get("maximum")}
    if "enum" in schema:
        return forms.ChoiceField(choices=[(value, value) for value in schema["enum"]], **common)
    if schema["type"] == "boolean":
        return forms.BooleanField(**common)
    if schema["type"] == "integer":
        return forms.IntegerField(**common, **bounds)
    if schema["type"] == "number":
        return forms.FloatField(**common, **bounds, widget=forms.NumberInput(attrs={"step": "any"}))
    return forms.CharField(**common)
