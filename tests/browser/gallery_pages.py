"""The gallery's pages, and the addresses that their templates name."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from django import forms
from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.urls import path

from registry.reports.prose import render_markdown
from tests.browser import gallery_samples as samples
from tests.browser import gallery_tables as tables

Page = tuple[str, dict[str, Any]]
NAMES = (
    "account_login",
    "account_logout",
    "account_reauthenticate",
    "account_change_password",
    "people",
    "project-list",
)
urlpatterns = [path(f"{name}/", lambda request: HttpResponse(""), name=name) for name in NAMES]


class RegisterForm(forms.Form):
    name = forms.CharField(help_text="Letters, digits, hyphens. It is part of every address and can't change later.")
    label = forms.CharField(required=False)
    stage = forms.ChoiceField(
        choices=[("a", "Files are kept here"), ("b", "Only their digests")], widget=forms.RadioSelect
    )
    policy = forms.ChoiceField(choices=[("3", "Lending, revision 3"), ("2", "Default, revision 1")])
    files = forms.FileField(help_text="safetensors, skops, ONNX; at most 512 MiB.", required=False)
    summary = forms.CharField(widget=forms.Textarea(attrs={"rows": 4}), required=False, help_text="Markdown.")
    agreed = forms.BooleanField(label="I have read the guideline of this use case")


class FilterForm(forms.Form):
    q = forms.CharField(
        label="Search", required=False, widget=forms.TextInput(attrs={"placeholder": "name, team, digest"})
    )
    stage = forms.ChoiceField(choices=[("", "any"), ("training", "training"), ("inference", "inference")])
    standing = forms.ChoiceField(choices=[("", "any"), ("good", "good"), ("suspended", "suspended")])


class LoginForm(forms.Form):
    login = forms.CharField(label="Name or e-mail")
    password = forms.CharField(widget=forms.PasswordInput)
    remember = forms.BooleanField(required=False, label="Stay signed in")


def base(**more: Any) -> dict[str, Any]:
    """What the middleware and the context processors would add."""
    user = SimpleNamespace(is_authenticated=True, get_username="ada", get_full_name="Ada Byron")
    teams = [
        {"name": "lending", "href": "/?team=lending", "is_current": True},
        {"name": "marketing", "href": "/?team=marketing"},
    ]
    request = SimpleNamespace(path="/models/", COOKIES={})
    return {"user": user, "teams": teams, "request": request, "reviews_waiting": 2, "csrf_token": "sample"} | more


def sections() -> list[dict[str, Any]]:
    text = (
        "Pre-screening of applications for home mortgages. **A person decides every refusal.**\n\n"
        "- not for refinancing\n- not outside Massachusetts\n\n"
        "| group | approved |\n|---|---|\n| white | 0.908 |\n| other | 0.708 |\n\nSee [the study](https://example.org/munnell)."
    )
    origin = {"title": "lending/loanapp@1990, collection", "href": "/datasets/1/", "changed": True}
    return [
        {
            "key": "use",
            "title": "Intended use",
            "answered": 2,
            "asked": 3,
            "answers": [
                {"question": "What is the model for?", "html": render_markdown(text)},
                {"question": "Who are its primary users?", "html": render_markdown("Loan officers of the bank.")},
                {"question": "What is out of scope?", "html": ""},
            ],
        },
        {
            "key": "data",
            "title": "Training data",
            "answered": 1,
            "asked": 1,
            "answers": [
                {
                    "question": "How was the data collected?",
                    "html": render_markdown("By the Federal Reserve Bank of Boston, from lenders' files."),
                    "origin": origin,
                }
            ],
        },
    ]


def messages() -> list[Message]:
    return [
        Message(constants.SUCCESS, "Version 2 is registered."),
        Message(constants.ERROR, "The file is not a table: row 3 has 7 cells, the head 9."),
        Message(constants.WARNING, "Two sign-offs lapsed."),
        Message(constants.INFO, "The evaluation waits for a worker."),
    ]


def version(tab: str, **more: Any) -> dict[str, Any]:
    return base(page=samples.PAGE, tabs=samples.TABS, tab=tab, **more)


def form() -> RegisterForm:
    bound = RegisterForm({"name": "mortgage approval", "stage": "a", "policy": "3", "summary": "Second attempt"})
    bound.is_valid()
    bound.add_error("name", "A name may not contain spaces.")
    bound.add_error(None, "Nothing was saved: 2 answers need another look.")
    return bound


def history() -> list[dict[str, Any]]:
    now = samples.NOW
    return [
        {
            "title": "Transition to inference refused",
            "status": "failed",
            "at": now - timedelta(minutes=12),
            "by": "pipeline",
            "note": "2 requirements failed, 2 undecided",
        },
        *samples.SIGN_OFFS,
        {
            "title": "Evaluation fairness.group finished",
            "status": "done",
            "at": now - timedelta(days=2),
            "href": "/evaluations/1/",
        },
        {
            "title": "Dataset bureau-scores@7 was suspended",
            "status": "suspended",
            "at": now - timedelta(days=3),
            "note": "Its licence ended.",
        },
        {"title": "Version registered", "at": now - timedelta(days=50), "by": "ada", "role": "contributor"},
    ]


def gate_pages() -> dict[str, Page]:
    """The version's first section, blocked and approved."""
    facts = [
        {"name": "Policy", "value": "Lending, revision 3", "href": "/policies/3/"},
        {"name": "Evidence", "digest": samples.DIGEST},
        {"name": "Decided", "when": samples.NOW - timedelta(minutes=12)},
    ]
    reason = (
        "Approvals of applicants who are not white run at two thirds of those of white applicants, "
        "and the whole interval lies under the limit that the policy sets."
    )
    signed = {"sign_offs": samples.SIGN_OFFS, "changes": samples.CHANGES, "sign_off_href": "/sign/"}
    blocked = version("gate", verdict=samples.BLOCKED, verdict_reason=reason, verdict_facts=facts, **signed)
    passed = version("gate", verdict=samples.PASSED, verdict_facts=facts, sign_offs=[], changes=[])
    name = "registry/catalog/version.html"
    return {"/version/": (name, blocked), "/version-passed/": (name, passed)}


def section_pages() -> dict[str, Page]:
    """The version's other sections, full and empty."""
    group = {
        "title": "Fairness and performance",
        "text": "prediction table, five folds",
        "measurements": samples.MEASUREMENTS,
    }
    slices = [{"title": "Approval by group", "rows": samples.SLICES, "unit": "rate"}]
    evidence = version("evidence", groups=[group], slices=slices, bins=samples.BINS, features=samples.FEATURES)
    revision = {"digest": samples.DIGEST, "at": samples.NOW, "by": "ada"}
    card = version("card", sections=sections(), revision=revision, edit_href="/edit/")
    risks = version(
        "risks", risk_columns=tables.columns("Risk", "Aspect", "Priority", "Treatment", "Owner"), risks=tables.RISKS
    )
    sources = tables.columns("Made from", "Kind", "Standing", "Rows")
    lineage = version("lineage", nodes=samples.NODES, edges=samples.EDGES, columns=sources, rows=tables.SOURCES)
    pages = {
        "/evidence/": ("evidence", evidence),
        "/evidence-empty/": ("evidence", version("evidence", empty_actions=tables.ACTIONS)),
        "/card/": ("card", card),
        "/risks/": ("risks", risks),
        "/lineage/": ("lineage", lineage),
        "/history/": ("history", version("history", entries=history(), older="/history/?before=1")),
    }
    return {address: (f"registry/catalog/version_{name}.html", context) for address, (name, context) in pages.items()}


def other_pages() -> dict[str, Page]:
    """Everything else, and what stands at the door."""
    parts = base(
        waived=samples.WAIVED,
        undecided=samples.UNDECIDED,
        form=form(),
        statuses=tables.STATUSES,
        told=messages(),
        runs=tables.RUNS,
        trend=tables.TREND,
        empty_actions=tables.ACTIONS,
        work=tables.WORK,
        filters=FilterForm(),
    )
    nobody = SimpleNamespace(is_authenticated=False)
    errors = {f"/{code}/": (f"{code}.html", base(verdict=samples.UNDECIDED)) for code in (400, 403, 404, 409, 413)}
    return {
        "/parts/": ("gallery/parts.html", parts),
        "/login/": ("account/login.html", base(user=nobody, form=LoginForm())),
        "/reauthenticate/": ("account/reauthenticate.html", base(form=LoginForm())),
        **errors,
        "/500/": ("500.html", {}),
    }


def rendered() -> dict[str, str]:
    """Every page by its address."""
    pages = gate_pages() | section_pages() | other_pages()
    return {address: render_to_string(template, context) for address, (template, context) in pages.items()}
