"""Forms that register projects, datasets, models and their versions."""

from typing import Any

from django import forms

from registry.cards.limits import MAX_TEXT
from registry.models import DatasetVersion, ModelVersion, Project, Team, User
from registry.models.choices import ModelKind, Role
from registry.web.access import teams_of
from registry.web.forms.fields import FilesForm

NAME_HELP = "Letters, digits, - and _. It is part of every address and can't change later."
LABEL_HELP = "Such as 1, 2024-05 or v1.2. Without spaces, / or @."


class NewProjectForm(forms.Form):
    """A use case whose models share trust needs and a policy."""

    team = forms.ModelChoiceField(Team.objects.none(), empty_label=None)
    slug = forms.CharField(label="Short name", max_length=60, help_text=NAME_HELP)
    name = forms.CharField(max_length=120)
    purpose = forms.CharField(
        required=False,
        max_length=MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="What is decided, for whom.",
    )

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].queryset = teams_of(person, Role.CONTRIBUTOR)


class NewDatasetForm(forms.Form):
    """A named body of data."""

    team = forms.ModelChoiceField(Team.objects.none(), empty_label=None)
    slug = forms.CharField(label="Name", max_length=60, help_text=NAME_HELP)
    description = forms.CharField(required=False, max_length=MAX_TEXT, widget=forms.Textarea(attrs={"rows": 4}))

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].queryset = teams_of(person, Role.CONTRIBUTOR)


class NewModelForm(forms.Form):
    """A named model of a project."""

    project = forms.ModelChoiceField(Project.objects.none(), empty_label=None)
    slug = forms.CharField(label="Name", max_length=60, help_text=NAME_HELP)
    kind = forms.ChoiceField(
        required=False,
        choices=[("", "not said"), *ModelKind.choices],
        label="What it works on",
        help_text="The evaluations that fit it are offered first.",
    )
    description = forms.CharField(required=False, max_length=MAX_TEXT, widget=forms.Textarea(attrs={"rows": 4}))

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        teams = teams_of(person, Role.CONTRIBUTOR)
        self.fields["project"].queryset = Project.objects.filter(team__in=teams).select_related("team")


class NewDatasetVersionForm(FilesForm):
    """One state of a dataset."""

    label = forms.CharField(label="Version label", max_length=60, help_text=LABEL_HELP)
    notes = forms.CharField(required=False, max_length=MAX_TEXT, widget=forms.Textarea(attrs={"rows": 3}))
    derived_from = forms.ModelMultipleChoiceField(
        DatasetVersion.objects.none(),
        required=False,
        label="Derived from",
        widget=forms.CheckboxSelectMultiple,
        help_text="The dataset versions it was made from.",
    )
    field_order = ("label", "files", "digests", "derived_from", "notes")

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["derived_from"].queryset = _datasets(person)


class NewVersionForm(FilesForm):
    """One version of a model, with what it was made from."""

    label = forms.CharField(label="Version label", max_length=60, help_text=LABEL_HELP)
    trained_on = forms.ModelMultipleChoiceField(
        DatasetVersion.objects.none(), required=False, label="Trained on", widget=forms.CheckboxSelectMultiple
    )
    evaluated_on = forms.ModelMultipleChoiceField(
        DatasetVersion.objects.none(), required=False, label="Evaluated on", widget=forms.CheckboxSelectMultiple
    )
    derived_from = forms.ModelMultipleChoiceField(
        ModelVersion.objects.none(), required=False, label="Derived from", widget=forms.CheckboxSelectMultiple
    )
    field_order = ("label", "files", "digests", "trained_on", "evaluated_on", "derived_from")

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["trained_on"].queryset = self.fields["evaluated_on"].queryset = _datasets(person)
        models = ModelVersion.objects.visible_to(person).select_related("model__team").order_by("-registered_at")
        self.fields["derived_from"].queryset = models


class AttachFilesForm(FilesForm):
    """The files of a version that has none yet."""

    files_required = True


def _datasets(person: User) -> Any:
    rows = DatasetVersion.objects.visible_to(person).select_related("dataset__team")
    return rows.order_by("dataset__slug", "-registered_at")
