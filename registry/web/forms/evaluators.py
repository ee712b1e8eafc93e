"""Asking for an evaluation of one's own: the fields are those that the chosen evaluator needs, and no other."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django import forms

from evaluators.catalog import EVALUATORS, describe
from evaluators.contract import SCORE_KINDS
from registry.models import Artifact, ModelVersion
from registry.services.inputs import PREDICTED, column_roles, file_roles
from registry.web.forms.columns import EITHER, MAIN, column_field, field_name, named, undecided
from registry.web.forms.evaluations import InputsForm, needs_features
from registry.web.forms.model_inputs import known_inputs
from registry.web.forms.parameters import LEVEL, LEVEL_RULE, PREFIX, differs, parameter_field
from registry.web.forms.swapping import swapping
from registry.web.forms.tables import columns_of, missing
from registry.web.present.families import TEXTS, by_family, family

SCORES = [("", "not said"), *((kind, f"a {kind}") for kind in SCORE_KINDS)]


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
        self.by_model = bool(version.artifact and version.artifact.is_held) and _asks(self.facts, version.model.kind)
        # Left to itself, a model of texts needs to be told where they are: that is no setting.
        self.reads_texts = self.by_model and version.model.kind in TEXTS
        # Where the model is run in any case, what it reads and what is looked at are the same columns.
        twice = {"feature"} if "model" in self.must and "features" in self.fields else set()
        self.roles = {field_name(role): role for role in column_roles(self.facts) if role not in twice}
        if "feature" in self.roles.values():
            self.fields.pop("features", None)
        self._add_columns(columns_of(self.chosen))
        if self.reads_table:
            self.fields["level"] = parameter_field("level", LEVEL_RULE)
            self.fields["level"].help_text = "Empty is the usual 0.95."
        for name, schema in self.facts["params"].get("properties", {}).items():
            self.fields[PREFIX + name] = parameter_field(name, schema, evaluator=evaluator)
        brought = ("table_file", "table", "reference_file", "reference", "baseline")
        self.order_fields([*brought, *self.roles, "score_kind", "favourable", "features"])
        self._unmark()

    def _add_columns(self, columns: Sequence[str] | None) -> None:
        needs = self.facts["needs"]
        required, offered = needs.get("columns", ()), [*needs.get("columns", ()), *needs.get("optional", ())]
        ways = EITHER.get(self.evaluator, ())
        for name, role in self.roles.items():
            may_skip = self._may_skip(role)
            must = (role in required and not may_skip) or ways == ((role,),)
            self.fields[name] = column_field(role, columns, evaluator=self.evaluator, required=must, may_skip=may_skip)
        if "score_kind" in offered:
            must = "score_kind" in required and not self._may_skip("score_kind")
            self.fields["score_kind"] = forms.ChoiceField(
                required=must,
                choices=SCORES,
                label="What kind of number the score is",
                help_text=_kindless(self.evaluator),
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

    def _unmark(self) -> None:
        """Settings have a value already, and of several ways one has to be taken: none of these is called optional."""
        for name in {*self._settings(), *self._ways()}:
            self.fields[name].is_unmarked = True
        if self.reads_texts and "text" in self.roles.values():
            field = self.fields[field_name("text")]
            field.is_unmarked = True
            field.help_text = f"{field.help_text} Needed where the model itself predicts."
        first, said = undecided(self.evaluator, {})
        for name in self._ways() & {field_name(role) for role in first if len(EITHER[self.evaluator]) > 1}:
            self.fields[name].help_text = f"{self.fields[name].help_text} {said}".strip()

    def _ways(self) -> set[str]:
        """The fields of columns of which some have to be named, as the model doesn't say them."""
        ways = EITHER.get(self.evaluator, ())
        is_said = any(all(self._may_skip(role) for role in way) for way in ways)
        return set() if is_said else {field_name(role) for way in ways for role in way}

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
            few |= {name for name in self.roles if name not in MAIN and not self.fields[name].required} - self._ways()
            few -= {field_name("text")} if self.reads_texts else set()
        few |= {name for name, field in self.fields.items() if name.startswith(PREFIX) and not field.required}
        return [name for name in self.fields if name in few]

    def locate(self, name: str) -> tuple[str | None, str]:
        """The service's names of a column or a parameter, as fields."""
        role = name.removeprefix("columns.")
        column = field_name(role) if role != name else ""
        given = "features" if name == "columns.feature" else ""
        sent = f"{name}_file" if self.files.get(f"{name}_file") else ""
        for field in (column, given, sent, name, name.rpartition(".")[2], PREFIX + name, f"{name}_file"):
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
        self._check_ways()
        said = [column for role, column in self._columns().items() if role in PREDICTED]
        if said and cleaned.get("features") and "model" not in self.must:
            self.add_error(
                "features", f"No model is run where {_shown(said)} says what it predicted: name one of them."
            )
        return cleaned

    def _check_ways(self) -> None:
        """Those columns or these: what an evaluator leaves open has to be decided in one way."""
        skipped = [role for role in self.roles.values() if self._may_skip(role)]
        names, said = undecided(self.evaluator, self._columns(), skipped)
        for name in map(field_name, names):
            if name in self.fields and name not in self.errors:
                self.add_error(name, said)

    def absent(self, columns: Sequence[str], name: str) -> Iterator[tuple[str, str]]:
        """Each column that was named and isn't there, beside where it was named."""
        fields = {role: field for field, role in self.roles.items()}
        for role, problem in missing(self._columns(), columns, name):
            yield fields[role], problem
        yield from super().absent(columns, name)

    def _columns(self) -> dict[str, Any]:
        given = {role: self.cleaned_data.get(name) for name, role in self.roles.items()}
        return {role: named(self.evaluator, role, value) for role, value in given.items() if value}

    def wanted(self) -> dict[str, Any]:
        """The evaluator, its parameters where they differ from the usual, what it reads, and at which level."""
        usual: Mapping[str, Any] = self.facts["params"].get("properties", {})
        given = {name: self.cleaned_data[PREFIX + name] for name in usual}
        features = self.cleaned_data.get("features")
        return {
            "evaluator": self.evaluator,
            "parameters": {name: value for name, value in given.items() if differs(value, usual[name])},
            "level": self.cleaned_data.get("level") or LEVEL,
            "reads": {
                "columns": self._columns() | ({"feature": features} if features else {}),
                "favourable": self.cleaned_data.get("favourable") or None,
                "score_kind": self.cleaned_data.get("score_kind") or None,
            },
        }


def _asks(facts: Mapping[str, Any], kind: str) -> bool:
    """Whether the evaluator can ask a model of this kind: one that sorts texts, only where it reads texts."""
    reads_texts = any("text" in names for names in facts["needs"].values())
    return "model" in file_roles(facts) and (kind not in TEXTS or reads_texts)


def _kindless(evaluator: str) -> str:
    """What comes of a score whose kind is not said, where that is everything."""
    return "A score that is named without its kind gives no reading." if family(evaluator) == "uncertainty" else ""


def _shown(columns: Sequence[Any]) -> str:
    """The first of them, by its name."""
    first = columns[0]
    return f"“{first[0] if isinstance(first, list) else first}”"
