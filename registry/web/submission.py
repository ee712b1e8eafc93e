"""A form that calls one verb: what the verb refuses stands beside what was typed, and nothing typed is lost."""

from collections.abc import Callable
from typing import Any, TypeVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render

from registry.exceptions import InvalidInput, NotNow, Refusal, TooLarge

Result = TypeVar("Result")


def sent(request: HttpRequest) -> dict[str, Any]:
    """What a form is bound to: the body of a POST, nothing otherwise."""
    return {"data": request.POST, "files": request.FILES} if request.method == "POST" else {}


def carry_out(form: forms.BaseForm, verb: Callable[[dict[str, Any]], Result]) -> Result | None:
    """What `verb` answers to the form's values; None when there is something to correct, which the form then says.

    A refusal for want of a right is not the form's matter and goes on to its own page.
    """
    if not form.is_valid():
        _show_hidden(form)
        return None
    try:
        return verb(form.cleaned_data)
    except InvalidInput as refusal:
        blame(form, refusal)
    except (NotNow, TooLarge) as refusal:
        form.add_error(None, str(refusal))
        form.refused = refusal  # type: ignore[attr-defined]
    return None


def _show_hidden(form: forms.BaseForm) -> None:
    """What is wrong with a field that nobody sees stands above the form."""
    for field in form.hidden_fields():
        for problem in field.errors:
            form.add_error(None, f"{field.name.replace('_', ' ').capitalize()}: {problem}")


def blame(form: forms.BaseForm, refusal: InvalidInput) -> None:
    """Put every problem beside the field it is about; those without a field stand above the form."""
    placed = False
    for name, problems in refusal.errors.items():
        field, where = _place(form, name)
        placed = placed or field is None
        for problem in problems:
            form.add_error(field, f"{where}: {problem}" if where else _sentence(problem))
    if not placed and not hasattr(form, "locate"):
        form.add_error(None, str(refusal))


def _sentence(problem: str) -> str:
    """What a verb says of an input, as a sentence of its own; one that begins with a name keeps it."""
    first = problem.partition(" ")[0]
    begun = problem[:1].upper() + problem[1:] if first.isalpha() else problem
    return begun if begun.endswith((".", "!", "?", ":", "…")) else f"{begun}."


def _place(form: forms.BaseForm, name: str) -> tuple[str | None, str]:
    """The field that a problem is about, and what is to be said beside it of where in the field it lies.

    A form with a field that holds many values has a method `locate` of its own.
    """
    if hasattr(form, "locate"):
        located: tuple[str | None, str] = form.locate(name)
        return located
    field = next((each for each in (name, name.rpartition(".")[2]) if each in form.fields), None)
    return field, "" if field else name


def done(request: HttpRequest, said: str, *where: Any, **address: Any) -> HttpResponseRedirect:
    """Say what happened and go on to where it can be seen."""
    messages.success(request, said)
    return redirect(*where, **address)


def form_page(
    request: HttpRequest, form: forms.BaseForm, template: str = "registry/form.html", **context: Any
) -> HttpResponse:
    """The page of a form; with the status of what was wrong, if it came back."""
    refused: Refusal | None = getattr(form, "refused", None)
    status = refused.status if refused else 400 if form.is_bound else 200
    return render(request, template, {"form": form, **context}, status=status)
