"""Forms about policies."""

import re
from functools import cached_property
from typing import Any

from django import forms

from registry.models import Project, Team, User
from registry.models.choices import Role
from registry.web.access import teams_of
from registry.web.forms.fields import StrictJSONField
from registry.web.forms.json_text import Places, spelled

LINE = re.compile(r"Line (\d+)")


class RevisionForm(forms.Form):
    """The next revision of a policy, as JSON."""

    team = forms.ModelChoiceField(Team.objects.none(), empty_label=None)
    slug = forms.SlugField(
        label="Policy", max_length=60, help_text="An existing name gets a new revision; a new name makes a new policy."
    )
    body = StrictJSONField(
        label="Rules", widget=forms.Textarea(attrs={"rows": 28, "spellcheck": "false", "class": "code"})
    )

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].queryset = teams_of(person, Role.CONTRIBUTOR, Role.ADMINISTRATOR)

    def clean_body(self) -> dict[str, Any]:
        """An object."""
        given = self.cleaned_data["body"]
        if not isinstance(given, dict):
            raise forms.ValidationError("A policy is a JSON object.")
        return given

    def locate(self, name: str) -> tuple[str, str]:
        """Problems with the rules say where in the text they lie."""
        if name in self.fields:
            return name, ""
        return "body", f"Line {self._places.line(name)}, {spelled(name) or 'the whole'}"

    @cached_property
    def _places(self) -> Places:
        return Places(self.data["body"])

    @property
    def marked_line(self) -> int | None:
        """The first line that is said to be wrong, for the page to go to."""
        found = [LINE.match(problem) for problem in self.errors.get("body", ())]
        return min((int(each[1]) for each in found if each), default=None)


class ActivateForm(forms.Form):
    """The project to which a revision shall apply."""

    project = forms.ModelChoiceField(
        Project.objects.none(),
        empty_label="choose one",
        help_text="What applied to it before ends, and signatures on its versions lapse.",
    )

    def __init__(self, *args: Any, team: Team, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["project"].queryset = Project.objects.filter(team=team).select_related("team")
