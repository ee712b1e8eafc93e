"""Sample rows for the gallery's tables, runs and forms."""

from __future__ import annotations

from typing import Any

STATUSES = ["passed", "failed", "undecided", "waived", "suspended", "running", "queued", "cancelled", "lapsed"]
RUNS = [
    {"state": "queued"},
    {"state": "running", "progress": 0.42, "note": "bootstrap, 4,200 of 10,000"},
    {"state": "failed_infra", "note": "The worker was lost; retried once."},
]
TREND = [0.81, 0.82, 0.8, None, 0.79, 0.77, 0.78, 0.74]
ACTIONS = [
    {"title": "Register a model", "href": "/new/"},
    {"title": "Import a card", "href": "/import/", "kind": "quiet"},
]
SOURCES: list[list[dict[str, Any]]] = [
    [{"text": "lending/loanapp@1990", "href": "/d/"}, {"text": "dataset"}, {"status": "good"}, {"text": "1,989"}],
    [{"text": "lending/bureau@7", "href": "/d/"}, {"text": "dataset"}, {"status": "suspended"}, {"text": "88,412"}],
]
RISKS: list[list[dict[str, Any]]] = [
    [
        {"text": "Refusals fall more often on black applicants", "href": "/r/", "note": "precedents 101, 135"},
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


def columns(*titles: str) -> list[dict[str, Any]]:
    return [{"title": title, "numeric": title == "Rows"} for title in titles]


WORK: list[dict[str, Any]] = [
    {
        "title": "lending/mortgage-approval@1",
        "href": "/versions/1/",
        "status": "failed",
        "status_word": "blocked",
        "text": "Demographic parity ratio 0.656, asked at least 0.80; two sign-offs are missing.",
        "action": {"title": "Review", "href": "/review/"},
    },
    {
        "title": "lending/pre-screen@4",
        "href": "/versions/9/",
        "status": "expiring",
        "text": "The approval ends in 12 days. Nothing that it covers has changed.",
        "action": {"title": "Renew", "href": "/renew/"},
    },
]
