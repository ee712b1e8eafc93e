"""What an evaluation reads, and asking for the evaluations that a policy prescribes."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.safestring import SafeString

from evaluators.catalog import describe
from evaluators.meanings import OWN
from registry.models import Artifact, DatasetVersion, ModelVersion, RequiredEvaluation, User
from registry.policies import visible
from registry.reports.metric_names import evaluator_title
from registry.reports.settings_words import settings_words
from registry.services.inputs import file_roles
from registry.web.forms.tables import columns_of, missing, read_columns, tables_of, words_for

FIELDS = {
    "table": ("table_file", "table", "dataset_version"),
    "reference": ("reference_file", "reference"),
    "baseline": ("baseline",),
}


def needs_table(evaluator: str) -> bool:
    """Whether it can't do without rows."""
    return "table" in describe(evaluator)["needs"].get("files", ())


def needs_features(evaluator: str) -> bool:
    """Whether it can run the model, and so may have to be told which columns that reads."""
    facts = describe(evaluator)
    return "model" in file_roles(facts) and "features" in facts["needs"].get("optional", ())


def divided(text: str) -> list[str]:
    """Names divided by commas, without the spaces around them."""
    return [name.strip() for name in text.split(",") if name.strip()]


class InputsForm(forms.Form):
    """The table of rows to measure on, and what to compare with: sent now, or here already."""

    table_file = forms.FileField(
        required=False,
        label="Table to upload",
        help_text="CSV or Parquet: one row for each case. After an error, choose it again.",
    )
    table = forms.ModelChoiceField(
        Artifact.objects.none(), required=False, label="Or a table that is here already", empty_label="none"
    )
    reference_file = forms.FileField(
        required=False,
        label="Second table to upload",
        help_text="What the first is compared with.",
    )
    reference = forms.ModelChoiceField(
        Artifact.objects.none(), required=False, label="Or a second table that is here already", empty_label="none"
    )
    baseline = forms.ModelChoiceField(
        ModelVersion.objects.none(), required=False, label="Version to compare with", empty_label="none"
    )
    dataset_version = forms.ModelChoiceField(
        DatasetVersion.objects.none(),
        required=False,
        label="The table stands for this dataset version",
        empty_label="not said",
    )
    features = forms.CharField(
        required=False,
        label="Columns that the model reads",
        help_text="In its order, divided by commas. Only needed where the model file doesn't name them.",
    )

    columns: Sequence[str] | None = None

    def __init__(
        self, *args: Any, version: ModelVersion, evaluators: Sequence[str], person: User, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.must, self.may = _roles(evaluators)
        self.reads_table = "table" in self.may
        for name in _unneeded(self.may, has_features=any(map(needs_features, evaluators))):
            del self.fields[name]
        for role in {"table", "reference"} & self.may:
            field = self.fields[f"{role}_file"]
            field.help_text = f"{field.help_text} {_meant(role, evaluators)}".strip()
        self._offer(version, person)
        for name in {name for role in self.must for name in FIELDS.get(role, ())} - {"dataset_version"}:
            # Of two ways to bring what is needed, one has to be taken.
            self.fields[name].is_unmarked = True

    def _offer(self, version: ModelVersion, person: User) -> None:
        """What is here already, of each thing that is asked for."""
        for role in {"table", "reference"} & set(self.fields):
            self.fields[role].queryset = tables_of(version)
            self.fields[role].label_from_instance = words_for(version)
        if "dataset_version" in self.fields:
            pinned = visible(DatasetVersion, person).filter(children__child_model=version)
            self.fields["dataset_version"].queryset = pinned.select_related("dataset__team").distinct()
        if "baseline" in self.fields:
            held = ModelVersion.objects.filter(team=version.team, artifact__is_held=True).exclude(pk=version.pk)
            rows = held.select_related("model__team", "artifact").order_by("-registered_at")
            self.fields["baseline"].queryset = rows

    def clean_features(self) -> list[str]:
        """The names, without spaces around them."""
        return divided(self.cleaned_data["features"])

    def clean_table_file(self) -> Any:
        """A file whose first line can be read as the names of columns."""
        file = self.cleaned_data["table_file"]
        self.columns = read_columns(file, file.name) if file else None
        return file

    def clean_reference_file(self) -> Any:
        """The same of the second table."""
        file = self.cleaned_data["reference_file"]
        if file:
            read_columns(file, file.name)
        return file

    def clean(self) -> dict[str, Any]:
        """One table of each kind, which has the columns that are asked for."""
        cleaned = super().clean() or self.cleaned_data
        for role, what in (("table", "table"), ("reference", "second table")):
            if cleaned.get(f"{role}_file") and cleaned.get(role):
                self.add_error(role, f"Upload a {what} or choose one, not both.")
        if self.reads_table and not self.errors.keys() & {"table", "table_file"}:
            self._check_table(cleaned)
        has_second = cleaned.get("reference_file") or cleaned.get("reference")
        if "reference" in self.wanted_files(cleaned) and not has_second:
            self.add_error("reference_file", "Bring a second table to compare with.")
        if "baseline" in self.wanted_files(cleaned) and not cleaned.get("baseline"):
            self.add_error("baseline", "Choose the version to compare with.")
        return cleaned

    def _check_table(self, cleaned: dict[str, Any]) -> None:
        file, table = cleaned.get("table_file"), cleaned.get("table")
        if file or table:
            columns = self.columns if file else columns_of(table)
            for field, problem in self.absent(columns, file.name if file else "This table") if columns else ():
                self.add_error(field, problem)
        elif "table" in self.wanted_files(cleaned):
            self.add_error("table_file", "Bring a table of rows to measure on.")

    def wanted_files(self, cleaned: dict[str, Any]) -> set[str]:
        """What can't be done without, by role."""
        return self.must

    def absent(self, columns: Sequence[str], name: str) -> Iterator[tuple[str, str]]:
        """For each column that is asked for and not there, the field to blame and what to say."""
        yield from missing({"features": self.cleaned_data.get("features") or []}, columns, name)


def _meant(role: str, evaluators: Sequence[str]) -> str:
    """What a table has to hold where an evaluator means certain rows: training rows to one are the others to the next.

    Several evaluators that share the table are named.
    """
    own = {name: describe(name)["reads"][role] for name in evaluators if role in OWN.get(name, {})}
    if len(evaluators) == 1:
        return " ".join(f"Here: {words}." for words in own.values())
    return " ".join(f"For “{evaluator_title(name)}”: {words}." for name, words in own.items())


def _roles(evaluators: Iterable[str]) -> tuple[set[str], set[str]]:
    """The files that some of the evaluators must have, and those that they can make use of."""
    facts = [describe(evaluator) for evaluator in evaluators]
    must = {role for each in facts for role in each["needs"].get("files", ())}
    return must, {role for each in facts for role in file_roles(each)}


def _unneeded(roles: set[str], *, has_features: bool) -> list[str]:
    names = [name for role, names in FIELDS.items() if role not in roles for name in names]
    return names if has_features else [*names, "features"]


class RequiredForm(InputsForm):
    """Runs exactly as the policy prescribes them."""

    required = forms.ModelMultipleChoiceField(
        RequiredEvaluation.objects.none(),
        label="Evaluations that the policy asks for",
        widget=forms.CheckboxSelectMultiple,
    )
    field_order = (
        "required", "table_file", "table", "dataset_version", "reference_file", "reference", "baseline",
    )  # fmt: skip

    def __init__(self, *args: Any, prescribed: Sequence[RequiredEvaluation], **kwargs: Any) -> None:
        super().__init__(*args, evaluators=[row.evaluator for row in prescribed], **kwargs)
        field = self.fields["required"]
        field.queryset = RequiredEvaluation.objects.filter(pk__in=[row.pk for row in prescribed])
        field.initial = [row.pk for row in prescribed]
        field.label_from_instance = required_words
        # The policy names them, as it names every other column: they decide what is measured.
        self.fields.pop("features", None)

    def wanted_files(self, cleaned: dict[str, Any]) -> set[str]:
        """Those of what was ticked."""
        return _roles(row.evaluator for row in cleaned.get("required", ()))[0]

    def absent(self, columns: Sequence[str], name: str) -> Iterator[tuple[str, str]]:
        """The policy names the columns, so it is the table that doesn't fit."""
        field = "table_file" if self.cleaned_data.get("table_file") else "table"
        for row in self.cleaned_data.get("required", ()):
            if needs_table(row.evaluator):
                for role, problem in missing(row.reads.get("columns") or {}, columns, name):
                    yield field, f"{evaluator_title(row.evaluator)} reads the {role}, but {problem}"


def required_words(row: RequiredEvaluation) -> SafeString:
    """A prescribed run, small beside it its id, what it reads and with which settings."""
    columns = row.reads.get("columns") or {}
    reads = ", ".join(
        f"{role}: {', '.join(name) if isinstance(name, list) else name}" for role, name in columns.items()
    )
    favourable = f"favourable:\u00a0{row.reads['favourable']}" if row.reads.get("favourable") else ""
    settings = settings_words(row.evaluator, row.parameters, version=row.evaluator_version)
    with_settings = f"with {settings}" if settings else ""
    small = " · ".join(filter(None, [row.evaluator, "; ".join(filter(None, [reads, favourable])), with_settings]))
    return format_html('<span>{}<span class="cell-note">{}</span></span>', evaluator_title(row.evaluator), small)
