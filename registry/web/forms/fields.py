"""Fields that several forms share: many files at once, digests as text, a version by its name."""

import json
import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from registry.cards.artifacts import FileEntry
from registry.web.forms.json_text import read_json

LINE = re.compile(r"(?P<sha256>[0-9a-fA-F]{64})\s+(?P<size>\d{1,15})\s+(?P<name>\S.*)")


class ManyFilesInput(forms.ClearableFileInput):
    """A file input that takes several."""

    allow_multiple_selected = True


class ManyFilesField(forms.FileField):
    """A list of uploaded files; an empty list where none was sent."""

    widget = ManyFilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        """Each file on its own."""
        given = data if isinstance(data, list | tuple) else [data] if data else []
        single = super().clean
        return (
            [single(each, initial) for each in given] if given else ([single(None, initial)] if self.required else [])
        )


class DigestsField(forms.CharField):
    """A line for each file: its SHA-256, its size in bytes, its name."""

    widget = forms.Textarea(
        attrs={"rows": 4, "spellcheck": "false", "placeholder": "<sha-256> <size in bytes> <file name>"}
    )

    def clean(self, value: Any) -> list[FileEntry]:
        """One entry for each line; each line that can't be read is named."""
        text, entries, problems = super().clean(value), [], []
        for number, line in enumerate(text.splitlines(), start=1):
            if not line.strip():
                continue
            match = LINE.fullmatch(line.strip())
            if match is None:
                problems.append(f"Line {number} is not a SHA-256, a size and a file name.")
            else:
                entries.append(
                    FileEntry(name=match["name"].strip(), size=int(match["size"]), sha256=match["sha256"].lower())
                )
        if problems:
            raise forms.ValidationError(problems)
        return entries


class SuggestingInput(forms.TextInput):
    """A line of text with offers, which the browser shows while one types. Anything else may be typed too."""

    suggestions: Sequence[tuple[str, str]] = ()

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """The input, and the list that it is tied to."""
        offers = f"{(attrs or {}).get('id', name)}_offers"
        options = format_html_join("", '<option value="{}">{}</option>', self.suggestions)
        field = super().render(name, value, {**(attrs or {}), "list": offers, "autocomplete": "off"}, renderer)
        return format_html('{}<datalist id="{}">{}</datalist>', field, offers, options)


class StrictJSONField(forms.JSONField):
    """JSON as it was typed, line by line, in which NaN and infinities are no numbers."""

    def prepare_value(self, value: Any) -> Any:
        """Text as it is; a value as indented JSON."""
        return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)

    def bound_data(self, data: Any, initial: Any) -> Any:
        """What was typed, also where it can't be read."""
        return initial if self.disabled else data

    def to_python(self, value: Any) -> Any:
        """The value; what can't be read is refused with its place, and so is a JSON that only Python reads."""
        if self.disabled or value in self.empty_values:
            return None
        return read_json(value) if isinstance(value, str) else value


class FilesForm(forms.Form):
    """Files to keep, or the digests of files that stay where they are."""

    files = ManyFilesField(
        required=False,
        label="Files to keep here",
        help_text="They are stored under their digest and can be evaluated here. After an error, choose them again.",
    )
    digests = DigestsField(
        required=False,
        label="Or digests only",
        help_text="One line for each file: SHA-256, size in bytes, name. The files stay where they are.",
    )
    files_required = False

    def clean(self) -> dict[str, Any]:
        """Not both: an artifact is held here, or it isn't."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("files") and cleaned.get("digests"):
            self.add_error("digests", "Send files or digests, not both.")
        if self.files_required and not (cleaned.get("files") or cleaned.get("digests") or self.errors):
            self.add_error("files", "Choose files, or give their digests.")
        return cleaned
