"""Forms about risks."""

from typing import Any

from django import forms

from registry.cards.limits import MAX_TEXT
from registry.models import Team, User
from registry.models.choices import Aspect, Priority, Treatment

OFTEN = ("1: hardly", "2: seldom", "3: sometimes", "4: often", "5: nearly always")
BAD = ("1: a nuisance", "2: a setback", "3: serious", "4: grave", "5: ruins lives")
SCALE, HARM = (list(enumerate(words, start=1)) for words in (OFTEN, BAD))


def small_text(**more: Any) -> forms.CharField:
    """A few lines of text."""
    return forms.CharField(max_length=MAX_TEXT, widget=forms.Textarea(attrs={"rows": 3}), **more)


class RatingForm(forms.Form):
    """What may change about a risk while it is open."""

    likelihood = forms.TypedChoiceField(choices=SCALE, coerce=int, label="How likely")
    severity = forms.TypedChoiceField(choices=HARM, coerce=int, label="How bad for those it hits")
    priority = forms.ChoiceField(
        choices=Priority.choices,
        help_text="Judged by you, not computed from the two above: there are no bands. "
        "The policy says from which priority an open risk bars the way.",
    )
    treatment = forms.ChoiceField(choices=[("", "not decided yet"), *Treatment.choices], required=False)
    owner = forms.ModelChoiceField(User.objects.none(), required=False, empty_label="nobody yet")
    step_taken = small_text(required=False, label="Step taken", help_text="What was done or is being done about it.")

    def __init__(self, *args: Any, team: Team, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = User.objects.filter(memberships__team=team, memberships__ended_at=None, is_active=True)
        self.fields["owner"].queryset = people.distinct().order_by("username")


class NewRiskForm(RatingForm):
    """A risk to name."""

    issue = small_text(label="What may go wrong", help_text="For whom, and how one would notice.")
    aspect = forms.ChoiceField(choices=Aspect.choices)
    field_order = ("issue", "aspect", "likelihood", "severity", "priority", "treatment", "owner", "step_taken")


class RiskForm(RatingForm):
    """A risk to rate again or to resolve."""

    is_resolved = forms.BooleanField(required=False, label="It is resolved")
    resolution = small_text(
        required=False, help_text="What resolved it: needed once it is resolved. A resolved risk stays on record."
    )
