"""The form about a project's trust needs."""

from django import forms

from registry.cards.limits import MAX_TEXT
from registry.models.choices import Aspect, NeedLevel


class TrustNeedForm(forms.Form):
    """How much of one aspect a project needs, and why."""

    aspect = forms.ChoiceField(choices=Aspect.choices)
    level = forms.ChoiceField(choices=NeedLevel.choices)
    reason = forms.CharField(max_length=MAX_TEXT, widget=forms.Textarea(attrs={"rows": 3}))
