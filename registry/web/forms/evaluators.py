"""Asking for an evaluation of one's own: the fields are those that the chosen evaluator needs, and no other."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django import forms

from evaluators.catalog import EVALUATORS, describe
from evaluators.contract import ROLES, SCORE_KINDS
from registry.models import Artifact, ModelVersion
from registry.services.inputs import PREDICTED, column_roles, file_roles
from registry.web.forms.evaluations import InputsForm, divided, needs_features
from registry.web.forms.model_inputs import known_inputs
from registry.web.forms.parameters import PREFIX, differs, parameter_field
from registry.web.forms.swapping import swapping
from registry.web.forms.tables import columns_of, missing
from registry.web.present.families import by_family

LABELS = {
    "label": "Column of the true label",
    "prediction": "Column of the prediction",
    "score": "Column of the score",
    "group": "Columns of the groups",
}
# Roles that several columns can play; every other is played by one.
MANY = frozenset({"group", "probability", "baseline_probability", "reference", "quasi", "sensitive", "feature"})
SCORES = [("", "not said"), *((kind, f"a {kind}") for kind in SCORE_KINDS)]
BY_MODEL = "Left empty, the model itself predicts."
FEW, LEVEL = 40, 0.95


class EvaluatorForm(forms.Form):
    """Which evaluator. With script, choosing one shows at once what it needs."""

    evaluator = forms.ChoiceField(
        choices=lambda: [
            ("", "choose one"),
            *((title, [(name, describe(name)["title"]) for name in names]) for title, names in by_family(EVALUATORS)),
        ]
    )

    def __init__(self, *args: Any, href: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["evaluator"].widget.attrs |= swapping(href)


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
        self.model_inputs = known_inputs(version) if needs_features(evaluator) else frozenset()
        self.by_model = "model" in file_roles(self.facts) and bool(version.artifact and version.artifact.is_held)
        self.roles = {_field_name(role): role for role in column_roles(self.facts)}
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
            self.fields[PREFIX + name] = parameter_field(schema)
        brought = ("table_file", "table", "reference_file", "reference", "baseline")
        self.order_fields([*brought, *self.roles, "score_kind", "favourable", "features"])

    def _add_columns(self, columns: Sequence[str] | None) -> None:
        needs = self.facts["needs"]
        required, offered = needs.get("columns", ()), [*needs.get("columns", ()), *needs.get("optional", ())]
        for name, role in self.roles.items():
            self.fields[name] = _column(role, columns, required=role in required and not self._may_skip(role))
            if self._may_skip(role):
                self.fields[name].help_text = f"{BY_MODEL} {self.fields[name].help_text}".strip()
        if "score_kind" in offered:
            must = "score_kind" in required and not self._may_skip("score_kind")
            self.fields["score_kind"] = forms.ChoiceField(
                required=must, choices=SCORES, label="What kind of number the score is"
            )
        if "favourable" in offered:
            self.fields["favourable"] = forms.CharField(
                required="favourable" in required,
                label="Value that counts as favourable",
                help_text="As it stands in the table, such as 1 or approved.",
            )

    def _may_skip(self, role: str) -> bool:
        """Whether the model's file can say it instead of a column."""
        return self.by_model and role in PREDICTED

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
        few = {"level", "dataset_version"} if "model" in self.must else {"level", "dataset_version", "features"}
        if self.facts["needs"].get("columns"):
            few |= {name for name in self.roles if name not in LABELS and not self.fields[name].required}
        return [name for name in self.fields if name in few or name.startswith(PREFIX)]

    def locate(self, name: str) -> tuple[str | None, str]:
        """The service's names of a column or a parameter, as fields."""
        role = name.removeprefix("columns.")
        column = _field_name(role) if role != name else ""
        for field in (column, name, name.rpartition(".")[2], PREFIX + name, f"{name}_file"):
            if field in self.fields and not self.fields[field].widget.is_hidden:
                return field, ""
        return None, name

    def clean(self) -> dict[str, Any]:
        """The truth isn't among what the model reads: right answers would then be given to it."""
        cleaned = super().clean()
        label = cleaned.get("label")
        if label and label in self.model_inputs | set(cleaned.get("features") or ()):
            said = f"“{label}” is one of the columns that the model reads, so it can't be the true label as well."
            self.add_error("label", said)
        return cleaned

    def absent(self, columns: Sequence[str], name: str) -> Iterator[tuple[str, str]]:
        """Each column that was named and isn't there, beside where it was named."""
        fields = {role: field for field, role in self.roles.items()}
        for role, problem in missing(self._columns(), columns, name):
            yield fields[role], problem
        yield from super().absent(columns, name)

    def _columns(self) -> dict[str, Any]:
        named = {role: self.cleaned_data[name] for name, role in self.roles.items() if self.cleaned_data.get(name)}
        return {role: divided(n) if role in MANY and isinstance(n, str) else n for role, n in named.items()}

    def wanted(self) -> dict[str, Any]:
        """The evaluator, its parameters where they differ from the usual, what it reads, and at which level."""
        usual: Mapping[str, Any] = self.facts["params"].get("properties", {})
        given = {name: self.cleaned_data[PREFIX + name] for name in usual}
        return {
            "evaluator": self.evaluator,
            "parameters": {name: value for name, value in given.items() if differs(value, usual[name])},
            "level": self.cleaned_data.get("level") or LEVEL,
            "reads": {
                "columns": self._columns(),
                "favourable": self.cleaned_data.get("favourable") or None,
                "score_kind": self.cleaned_data.get("score_kind") or None,
            },
        }


def _field_name(role: str) -> str:
    """The field of a column: some roles have the names of files."""
    return role if role in LABELS else f"column-{role}"


def _column(role: str, columns: Sequence[str] | None, *, required: bool) -> forms.Field:
    is_many = role in MANY
    plain = f"{'Columns' if is_many else 'Column'}: {role.replace('_', ' ')}"
    common: dict[str, Any] = {"required": required, "label": LABELS.get(role, plain), "help_text": _help(role)}
    if columns is None:
        if is_many:
            common["help_text"] = f"{common['help_text']} Divided by commas.".strip()
        return forms.CharField(**common)
    choices = [(name, name) for name in columns]
    if is_many:
        widget = forms.CheckboxSelectMultiple if len(columns) <= FEW else forms.SelectMultiple
        return forms.MultipleChoiceField(choices=choices, widget=widget, **common)
    return forms.ChoiceField(choices=[("", "not said"), *choices], **common)


def _help(role: str) -> str:
    words = ROLES.get(role, "")
    return f"{words[:1].upper()}{words[1:]}." if words else ""
