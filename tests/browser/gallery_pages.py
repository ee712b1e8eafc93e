"""The gallery's pages, and the addresses that their templates name."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from django import forms
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.urls import path

from registry.reports.prose import render_markdown
from tests.browser import gallery_samples as samples

NAMES = ("account_login", "account_logout", "account_reauthenticate", "account_change_password")
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


def messages() -> list[SimpleNamespace]:
    return [SimpleNamespace(level_tag=tag, __str__=None, text=text) for tag, text in ()]


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


def rendered() -> dict[str, str]:
    """Every page by its address."""
    facts = [
        {"name": "Policy", "value": "Lending, revision 3", "href": "/policies/3/"},
        {"name": "Evidence", "digest": samples.DIGEST},
        {"name": "Decided", "when": samples.NOW - timedelta(minutes=12)},
    ]
    rows = [
        [{"text": "lending/loanapp@1990", "href": "/d/"}, {"text": "dataset"}, {"status": "good"}, {"text": "1,989"}],
        [
            {"text": "lending/bureau-scores@7", "href": "/d/"},
            {"text": "dataset"},
            {"status": "suspended"},
            {"text": "88,412"},
        ],
    ]
    columns = [{"title": "Made from"}, {"title": "Kind"}, {"title": "Standing"}, {"title": "Rows", "numeric": True}]
    risk_columns = [
        {"title": "Risk"},
        {"title": "Aspect"},
        {"title": "Priority"},
        {"title": "Treatment"},
        {"title": "Owner"},
    ]
    risks = [
        [
            {
                "text": "Refusals fall more often on black applicants with the same history",
                "href": "/r/",
                "note": "AIID 101, 135",
            },
            {"text": "fairness"},
            {"status": "priority_high"},
            {"text": "reduce: constrained training"},
            {"text": "ada"},
        ],
        [
            {"text": "Unverified income entries drive the score"},
            {"text": "robustness"},
            {"status": "priority_medium"},
            {"text": "accept until July"},
            {"text": "grace"},
        ],
    ]
    evidence = {
        "groups": [
            {
                "title": "Fairness and performance",
                "text": "prediction table, five folds out of fold",
                "measurements": samples.MEASUREMENTS,
            }
        ],
        "slices": [{"title": "Approval by group", "rows": samples.SLICES, "unit": "rate"}],
        "bins": samples.BINS,
        "features": samples.FEATURES,
    }
    reason = (
        "Approvals of applicants who are not white run at two thirds of those of white applicants, "
        "and the whole interval lies under the limit that the policy sets."
    )
    gate = {
        "verdict": samples.BLOCKED,
        "verdict_reason": reason,
        "verdict_facts": facts,
        "sign_offs": samples.SIGN_OFFS,
        "changes": samples.CHANGES,
        "sign_off_href": "/sign/",
    }
    done = {"verdict": samples.PASSED, "verdict_facts": facts, "sign_offs": [], "changes": []}
    pages = {
        "/version/": ("registry/catalog/version.html", version("gate", **gate)),
        "/version-passed/": ("registry/catalog/version.html", version("gate", **done)),
        "/evidence/": ("registry/catalog/version_evidence.html", version("evidence", **evidence)),
        "/card/": (
            "registry/catalog/version_card.html",
            version(
                "card",
                sections=sections(),
                revision={"digest": samples.DIGEST, "at": samples.NOW, "by": "ada"},
                edit_href="/edit/",
            ),
        ),
        "/risks/": ("registry/catalog/version_risks.html", version("risks", risk_columns=risk_columns, risks=risks)),
        "/lineage/": (
            "registry/catalog/version_lineage.html",
            version("lineage", nodes=samples.NODES, edges=samples.EDGES, columns=columns, rows=rows),
        ),
        "/history/": (
            "registry/catalog/version_history.html",
            version("history", entries=history(), older="/history/?before=1"),
        ),
        "/parts/": (
            "gallery/parts.html",
            base(
                waived=samples.WAIVED,
                undecided=samples.UNDECIDED,
                form=form(),
                statuses=["passed", "failed", "undecided", "waived", "suspended", "running", "queued", "cancelled"],
                told=[{"level_tag": "success"}, {"level_tag": "error"}],
                runs=[
                    {"state": "queued"},
                    {"state": "running", "progress": 0.42, "note": "bootstrap, 4,200 of 10,000"},
                    {"state": "failed_infra", "note": "The worker was lost; retried once."},
                ],
                trend=[0.81, 0.82, 0.8, None, 0.79, 0.77, 0.78, 0.74],
                empty_actions=[
                    {"title": "Register a model", "href": "/new/"},
                    {"title": "Import a card", "href": "/import/", "kind": "quiet"},
                ],
            ),
        ),
        "/login/": (
            "account/login.html",
            base(user=SimpleNamespace(is_authenticated=False), form=LoginForm(), messages=[]),
        ),
        "/404/": ("404.html", base()),
        "/500/": ("500.html", {}),
    }
    return {address: render_to_string(template, context) for address, (template, context) in pages.items()}
