"""Asking for an evaluation: one that the policy prescribes, or one of one's own."""

from collections.abc import Sequence
from typing import Any

from django import forms

from evaluators.catalog import EVALUATORS
from registry.models import Artifact, DatasetVersion, ModelVersion, RequiredEvaluation
from registry.web.forms.fields import StrictJSONField

ROLES = (
    ("label", "Column of the true label"),
    ("prediction", "Column of the prediction"),
    ("score", "Column of the score"),
)


# What is no table by its name; of the rest, the evaluator reads the bytes and has the last word.
OTHER_FILES = r"\.(skops|pkl|pickle|joblib|safetensors|onnx|pt|pth|bin|zip|bz2|gz|pdf|json)$"
READ = ("label", "prediction", "score", "score_kind", "group", "favourable")


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
        required=False, help_text="For evaluations of the model itself: the columns it reads, divided by commas."
    )

    def __init__(self, *args: Any, version: ModelVersion, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        held = Artifact.objects.filter(team=version.team, is_held=True).exclude(files__name__iregex=OTHER_FILES)
        self.fields["table"].queryset = held.prefetch_related("files").order_by("-created_at")
        self.fields["table"].label_from_instance = _table_words
        pinned = DatasetVersion.objects.filter(children__child_model=version).select_related("dataset__team")
        self.fields["dataset_version"].queryset = pinned.distinct()

    def clean_features(self) -> list[str]:
        """The names, without spaces around them."""
        return [name.strip() for name in self.cleaned_data["features"].split(",") if name.strip()]

    def clean(self) -> dict[str, Any]:
        """One table, not two."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("table_file") and cleaned.get("table"):
            self.add_error("table", "Upload a table or choose one, not both.")
        return cleaned


def _table_words(artifact: Artifact) -> str:
    names = ", ".join(file.name for file in artifact.files.all())
    return f"{names} · {artifact.root_digest[:12]} · {artifact.created_at:%Y-%m-%d %H:%M}"


class RequiredForm(InputsForm):
    """Runs exactly as the policy prescribes them."""

    required = forms.ModelMultipleChoiceField(
        RequiredEvaluation.objects.none(),
        label="Evaluations that the policy asks for",
        widget=forms.CheckboxSelectMultiple,
    )
    field_order = ("required", "table_file", "table", "dataset_version", "features")

    def __init__(self, *args: Any, prescribed: Sequence[RequiredEvaluation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["required"]
        field.queryset = RequiredEvaluation.objects.filter(pk__in=[row.pk for row in prescribed])
        field.initial = [row.pk for row in prescribed]
        field.label_from_instance = required_words


def required_words(row: RequiredEvaluation) -> str:
    """A prescribed run with what it reads."""
    columns = row.reads.get("columns") or {}
    reads = ", ".join(
        f"{role}: {', '.join(name) if isinstance(name, list) else name}" for role, name in columns.items()
    )
    favourable = f"; favourable: {row.reads['favourable']}" if row.reads.get("favourable") else ""
    return f"{row.evaluator} ({reads}{favourable})" if reads else row.evaluator


class FreeForm(InputsForm):
    """Any evaluator with any columns and parameters."""

    evaluator = forms.ChoiceField(choices=[(name, name) for name in sorted(EVALUATORS)])
    label = forms.CharField(required=False, label=ROLES[0][1])
    prediction = forms.CharField(required=False, label=ROLES[1][1])
    score = forms.CharField(required=False, label=ROLES[2][1])
    group = forms.CharField(required=False, label="Columns of the groups", help_text="Divided by commas.")
    favourable = forms.CharField(required=False, label="Value that counts as favourable")
    score_kind = forms.ChoiceField(
        required=False, choices=[("", "not said"), ("probability", "a probability"), ("ranking", "only a ranking")]
    )
    level = forms.FloatField(initial=0.95, min_value=0.5, max_value=0.9999, label="Confidence level")
    parameters = StrictJSONField(
        required=False,
        initial=dict,
        widget=forms.Textarea(attrs={"rows": 3, "class": "code"}),
        help_text="A JSON object.",
    )
    field_order = ("evaluator", "table_file", "table", *READ, "level", "parameters", "features", "dataset_version")

    def clean_parameters(self) -> dict[str, Any]:
        """An object, or nothing."""
        given = self.cleaned_data["parameters"]
        if given is not None and not isinstance(given, dict):
            raise forms.ValidationError("Parameters are a JSON object.")
        return given or {}

    def reads(self) -> dict[str, Any]:
        """What the run reads, in the service's shape."""
        data = self.cleaned_data
        columns: dict[str, Any] = {role: data[role] for role, _ in ROLES if data[role]}
        if groups := [name.strip() for name in data["group"].split(",") if name.strip()]:
            columns["group"] = groups
        return {"columns": columns, "favourable": data["favourable"] or None, "score_kind": data["score_kind"] or None}
