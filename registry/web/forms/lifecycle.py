"""Forms around the gate: signing, withdrawing, waiving, moving."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django import forms

from registry.cards.limits import MAX_TEXT
from registry.gates.verdict import Requirement
from registry.models.choices import Expertise, Meaning, Stage
from registry.models.gate_inputs import database_now
from registry.reports.svg import clip
from registry.reports.wording import asked_words, found_words

WORDS = {Meaning.APPROVE: "APPROVE", Meaning.REQUEST_CHANGES: "REQUEST CHANGES"}


class PresenceForm(forms.Form):
    """Asks for the password once more."""

    password = forms.CharField(
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        label="Your password",
        help_text="It shows that it is you who signs, at this moment. It is never stored.",
    )


class SignForm(PresenceForm):
    """A signature over the evidence that the page shows."""

    to_stage = forms.ChoiceField(choices=Stage.choices, widget=forms.HiddenInput)
    evidence_rev = forms.IntegerField(widget=forms.HiddenInput)
    evidence_digest = forms.CharField(widget=forms.HiddenInput)
    expertise = forms.ChoiceField(label="I sign as a reviewer for", choices=())
    meaning = forms.ChoiceField(label="What my signature says", choices=Meaning.choices, widget=forms.RadioSelect)
    comment = forms.CharField(
        required=False,
        max_length=MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Stays with the signature.",
    )
    word = forms.CharField(
        label="Type APPROVE, or REQUEST CHANGES",
        help_text="In capitals, so that nobody signs by a slip of the hand.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    field_order = ("expertise", "meaning", "comment", "word", "password", "to_stage", "evidence_rev", "evidence_digest")

    def __init__(self, *args: Any, expertise: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["expertise"].choices = [(each, Expertise(each).label) for each in sorted(expertise)]

    def clean(self) -> dict[str, Any]:
        """The typed word has to be the one of the chosen meaning."""
        cleaned = super().clean() or self.cleaned_data
        asked = WORDS.get(cleaned.get("meaning", ""))
        if asked and "word" in cleaned and cleaned["word"].strip() != asked:
            self.add_error("word", f"Type {asked} to say this, in capitals.")
        if cleaned.get("meaning") == Meaning.REQUEST_CHANGES and not cleaned.get("comment", "").strip():
            self.add_error("comment", "Say which changes you ask for.")
        return cleaned


class ReasonForm(forms.Form):
    """A reason."""

    reason = forms.CharField(max_length=MAX_TEXT, widget=forms.Textarea(attrs={"rows": 4}))


class WaiverForm(ReasonForm):
    """A request to accept one finding for a while."""

    finding = forms.ChoiceField(
        label="Which finding",
        help_text="Exactly this finding is accepted; a newer one is not covered.",
        widget=forms.RadioSelect,
    )
    hours = forms.IntegerField(min_value=1, label="For how many hours")
    field_order = ("finding", "reason", "hours")

    def __init__(self, *args: Any, unmet: Iterable[Requirement], most_hours: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["finding"].choices = [
            (f"{r.id} {r.found}", clip(f"{asked_words(r)}; found: {found_words(r)}", 200)) for r in unmet
        ]
        hours = self.fields["hours"]
        hours.max_value = most_hours
        hours.initial = most_hours
        hours.help_text = f"The policy allows {most_hours} hours at most. It then lapses by itself."
        hours.validators.append(forms.IntegerField(max_value=most_hours).validators[-1])

    def chosen(self) -> tuple[str, str]:
        """The requirement and what was found."""
        requirement, _, found = self.cleaned_data["finding"].partition(" ")
        return requirement, found

    def expires_at(self) -> datetime:
        """When it ends, by the clock that the policy's limit is judged by."""
        return database_now() + timedelta(hours=self.cleaned_data["hours"])


class MoveForm(forms.Form):
    """A step along the way."""

    to_stage = forms.ChoiceField(choices=Stage.choices, widget=forms.HiddenInput)
    comment = forms.CharField(
        required=False,
        max_length=MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Stays with the transition.",
    )
