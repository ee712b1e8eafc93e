"""Bringing a table before anything is asked of it."""

from typing import Any

from django import forms

from registry.models import Artifact, ModelVersion
from registry.web.forms.tables import read_columns, tables_of


class TableForm(forms.Form):
    """A table that is sent now, or one that is here already."""

    table_file = forms.FileField(required=False)
    table = forms.ModelChoiceField(Artifact.objects.none(), required=False)

    def __init__(self, *args: Any, version: ModelVersion, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["table"].queryset = tables_of(version)

    def clean_table_file(self) -> Any:
        """A file whose first line can be read as the names of columns."""
        file = self.cleaned_data["table_file"]
        if file:
            read_columns(file, file.name)
        return file

    def clean(self) -> dict[str, Any]:
        """One of them."""
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and bool(cleaned["table_file"]) == bool(cleaned["table"]):
            self.add_error("table_file", "Choose one table: upload it, or take one that is here.")
        return cleaned
