"""The table that an evaluation reads, and asking for the evaluations that a policy prescribes."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django import forms

from evaluators.catalog import describe
from registry.models import Artifact, DatasetVersion, Evaluation, ModelVersion, RequiredEvaluation, User
from registry.models.choices import RunState
from registry.policies import visible
from registry.web.forms.tables import columns_of, missing, read_columns

# What is no table by its name; of the rest, the evaluator reads the bytes and has the last word.
OTHER_FILES = r"\.(skops|pkl|pickle|joblib|safetensors|onnx|pt|pth|bin|zip|bz2|gz|pdf|json)$"


def needs_table(evaluator: str) -> bool:
    """Whether it reads rows."""
    return "table" in describe(evaluator)["needs"].get("files", ())


def needs_features(evaluator: str) -> bool:
    """Whether it runs the model, and so may have to be told which columns that reads."""
    needs = describe(evaluator)["needs"]
    return "model" in needs.get("files", ()) and "features" in needs.get("optional", ())


def divided(text: str) -> list[str]:
    """Names divided by commas, without the spaces around them."""
    return [name.strip() for name in text.split(",") if name.strip()]


class InputsForm(forms.Form):
    """The table of rows to measure on: sent now, or one that is here already."""

    table_file = forms.FileField(
        required=False,
        label="Table to upload",
        help_text="CSV or Parquet: one row for each case. After an error, choose it again.",
    )
    table = forms.ModelChoiceField(
        Artifact.objects.none(), required=False, label="Or a table that is here already", empty_label="none"
    )
    dataset_version = forms.ModelChoiceField(
        DatasetVersion.objects.none(),
        required=False,
        label="It stands for this dataset version",
        empty_label="not said",
    )
    features = forms.CharField(
        required=False,
        label="Columns that the model reads",
        help_text="Divided by commas. Only needed where the model file doesn't name them.",
    )

    columns: Sequence[str] | None = None

    def __init__(
        self, *args: Any, version: ModelVersion, evaluators: Sequence[str], person: User, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["table"].queryset = tables_of(version)
        self.fields["table"].label_from_instance = words_for(version)
        pinned = visible(DatasetVersion, person).filter(children__child_model=version).select_related("dataset__team")
        self.fields["dataset_version"].queryset = pinned.distinct()
        self.reads_table = any(map(needs_table, evaluators))
        self.reads_features = any(map(needs_features, evaluators))
        unneeded = [] if self.reads_table else ["table_file", "table", "dataset_version"]
        for name in unneeded if self.reads_features else [*unneeded, "features"]:
            del self.fields[name]

    def clean_features(self) -> list[str]:
        """The names, without spaces around them."""
        return divided(self.cleaned_data["features"])

    def clean_table_file(self) -> Any:
        """A file whose first line can be read as the names of columns."""
        file = self.cleaned_data["table_file"]
        self.columns = read_columns(file, file.name) if file else None
        return file

    def clean(self) -> dict[str, Any]:
        """One table, which has the columns that are asked for."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("table_file") and cleaned.get("table"):
            self.add_error("table", "Upload a table or choose one, not both.")
        elif self.reads_table and not self.errors.keys() & {"table", "table_file"}:
            self._check_table(cleaned)
        return cleaned

    def _check_table(self, cleaned: dict[str, Any]) -> None:
        file, table = cleaned.get("table_file"), cleaned.get("table")
        if file or table:
            columns = self.columns if file else columns_of(table)
            for field, problem in self.absent(columns, file.name if file else "This table") if columns else ():
                self.add_error(field, problem)
        elif self.must_have_table(cleaned):
            self.add_error("table_file", "Bring a table of rows to measure on.")

    def must_have_table(self, cleaned: dict[str, Any]) -> bool:
        """Whether what is asked for can't be measured without one."""
        return self.reads_table

    def absent(self, columns: Sequence[str], name: str) -> Iterator[tuple[str, str]]:
        """For each column that is asked for and not there, the field to blame and what to say."""
        yield from missing({"features": self.cleaned_data.get("features") or []}, columns, name)


def tables_of(version: ModelVersion) -> Any:
    """The tables of the version's team, newest first."""
    held = Artifact.objects.filter(team=version.team, is_held=True).exclude(files__name__iregex=OTHER_FILES)
    return held.prefetch_related("files").order_by("-created_at")


def words_for(version: ModelVersion) -> Callable[[Artifact], str]:
    """What tells the tables of the version's team apart: the newest run on each, asked for once for all."""
    runs = Evaluation.objects.filter(version__team=version.team, table__team=version.team)
    newest = runs.order_by("table", "-requested_at").distinct("table").select_related("version__model__team")
    by_table = {run.table_id: run for run in newest}
    return lambda artifact: table_words(artifact, by_table.get(artifact.pk))


def table_words(artifact: Artifact, run: Evaluation | None) -> str:
    """A table in a list, with the newest run on it."""
    names = ", ".join(file.name for file in artifact.files.all())
    return f"{names} · {_use(run)} · {artifact.created_at:%Y-%m-%d %H:%M} · {artifact.root_digest[:8]}"


def _use(run: Evaluation | None) -> str:
    """Which version a table was read for, and which of its columns."""
    if run is None:
        return "not measured yet"
    named = (name if isinstance(name, list) else [name] for name in (run.subject.get("columns") or {}).values())
    columns = ", ".join(dict.fromkeys(column for names in named for column in names))
    word = "failed" if run.state in (RunState.FAILED, RunState.FAILED_INFRA) else "measured"
    return f"{word} for {run.version}{f' ({columns})' if columns else ''}"


class RequiredForm(InputsForm):
    """Runs exactly as the policy prescribes them."""

    required = forms.ModelMultipleChoiceField(
        RequiredEvaluation.objects.none(),
        label="Evaluations that the policy asks for",
        widget=forms.CheckboxSelectMultiple,
    )
    field_order = ("required", "table_file", "table", "dataset_version", "features")

    def __init__(self, *args: Any, prescribed: Sequence[RequiredEvaluation], **kwargs: Any) -> None:
        super().__init__(*args, evaluators=[row.evaluator for row in prescribed], **kwargs)
        field = self.fields["required"]
        field.queryset = RequiredEvaluation.objects.filter(pk__in=[row.pk for row in prescribed])
        field.initial = [row.pk for row in prescribed]
        field.label_from_instance = required_words

    def must_have_table(self, cleaned: dict[str, Any]) -> bool:
        """Some of what was ticked reads one."""
        return any(needs_table(row.evaluator) for row in cleaned.get("required", ()))

    def absent(self, columns: Sequence[str], name: str) -> Iterator[tuple[str, str]]:
        """The policy names the columns, so it is the table that doesn't fit."""
        field = "table_file" if self.cleaned_data.get("table_file") else "table"
        for row in self.cleaned_data.get("required", ()):
            if needs_table(row.evaluator):
                for role, problem in missing(row.reads.get("columns") or {}, columns, name):
                    yield field, f"{row.evaluator} reads the {role}, but {problem}"
        yield from super().absent(columns, name)


def required_words(row: RequiredEvaluation) -> str:
    """A prescribed run with what it reads."""
    columns = row.reads.get("columns") or {}
    reads = ", ".join(
        f"{role}: {', '.join(name) if isinstance(name, list) else name}" for role, name in columns.items()
    )
    favourable = f"; favourable: {row.reads['favourable']}" if row.reads.get("favourable") else ""
    return f"{row.evaluator} ({reads}{favourable})" if reads else row.evaluator
