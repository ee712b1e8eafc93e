"""Sample data for the gallery, in the shapes that the components document."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

NOW = datetime.now(UTC)
DIGEST = "sha256:9f2b8c41d07e5a6633c1f0a49d2e77b8c05d31fae9b6420c7715e8d3a94f6b02"


def threshold(number: int, metric: str, outcome: str, **more: Any) -> dict[str, Any]:
    detail = {"metric": metric, "slice": "overall", "direction": "at_least", "level": 0.95, "n": 1989} | more
    unblock = str(detail.pop("unblock", ""))
    waived = detail.pop("waived_until", None)
    low, high, value = detail.get("low"), detail.get("high"), detail.get("value")
    found = "nothing measured" if low is None else f"{value:.3g}, 95% interval {low:.3g} to {high:.3g}"
    return {
        "id": f"threshold:{number}",
        "kind": "threshold",
        "asked": metric,
        "found": found,
        "outcome": outcome,
        "unblock": unblock,
        "waived_until": waived,
        "detail": detail,
    }


def plain(name: str, outcome: str, asked: str, found: str, unblock: str = "") -> dict[str, Any]:
    return {
        "id": name,
        "kind": name.split(":")[0],
        "asked": asked,
        "found": found,
        "outcome": outcome,
        "unblock": unblock,
        "waived_until": None,
        "detail": {},
    }


BLOCKED = {
    "to_stage": "inference",
    "outcome": "failed",
    "waived": ["threshold:9"],
    "requirements": [
        threshold(
            7,
            "fairness.demographic_parity_ratio",
            "failed",
            low=0.573,
            high=0.748,
            value=0.656,
            limit=0.8,
            source="The four-fifths rule of the Uniform Guidelines, 29 CFR 1607.4 D.",
            unblock="The whole interval misses the limit: change the model until its lower bound reaches 0.80. "
            "Retrain under a fairness constraint, or show that the difference is explained and ask for another policy.",
        ),
        plain(
            "sign_off:3",
            "failed",
            "Two people with the expertise fairness, none an author, sign this evidence",
            "1 of 2: grace signed an earlier state of the evidence",
            "Ask grace to look at what changed and sign again, and one more reviewer of fairness.",
        ),
        threshold(
            8,
            "fairness.equal_opportunity_difference",
            "undecided",
            direction="at_most",
            low=0.034,
            high=0.142,
            value=0.088,
            limit=0.1,
            unblock="About 6,900 rows instead of 1,989 would settle it if the estimate holds.",
        ),
        threshold(
            11, "robustness.accuracy_under_noise", "undecided", limit=0.75, n=None, unblock="Run robustness.noise."
        ),
        threshold(
            9,
            "calibration.ece",
            "failed",
            direction="at_most",
            low=0.052,
            high=0.081,
            value=0.067,
            limit=0.05,
            waived_until=NOW + timedelta(days=60),
            waiver_reason="The score ranks applicants and is never shown as a probability.",
            waived_by=["grace", "mary"],
        ),
        threshold(5, "performance.auc", "passed", low=0.812, high=0.858, value=0.835, limit=0.75),
        plain("document:2", "passed", "The model card is at least 80 % complete", "41 of 46 fields answered"),
        plain("evaluation:3", "passed", "Group fairness of decisions has run", "platform-run, 2 hours ago"),
        plain("risk:12", "passed", "No unresolved risk of high priority", "3 risks, the highest of medium priority"),
        plain(
            "artifact:0",
            "passed",
            "The model's files are of a class that runs no code on loading",
            "safetensors, verified by digest",
        ),
    ],
}
PASSED = {
    "to_stage": "inference",
    "outcome": "passed",
    "waived": [],
    "requirements": [r for r in BLOCKED["requirements"] if r["outcome"] == "passed"],
}
WAIVED = {
    "to_stage": "inference",
    "outcome": "passed",
    "waived": ["threshold:9"],
    "requirements": [BLOCKED["requirements"][4], *PASSED["requirements"]],
}
UNDECIDED = {
    "to_stage": "training",
    "outcome": "undecided",
    "waived": [],
    "requirements": [BLOCKED["requirements"][2], BLOCKED["requirements"][5]],
}

PAGE = {
    "title": "lending/mortgage-approval",
    "label": "1",
    "standing": "good",
    "standing_word": "good standing",
    "stage": "training",
    "target": "inference",
    "crumbs": [{"title": "Models", "href": "/models/"}, {"title": "lending", "href": "/models/?team=lending"}],
    "lead": "Approves or refuses home mortgage applications in Boston; trained on 1,989 applications of 1990.",
    "actions": [
        {"title": "Ask for inference", "href": "/transition/"},
        {"title": "PDF dossier", "href": "/dossier/", "kind": "quiet"},
    ],
    "facts": [
        {"name": "Tier", "value": "high"},
        {"name": "Owner", "value": "ada, team lending"},
        {"name": "Policy", "value": "Lending, revision 3", "href": "/policies/3/"},
        {"name": "Artifact", "digest": DIGEST},
        {"name": "Registered", "when": NOW - timedelta(days=3)},
    ],
}
TABS = [
    {"key": key, "title": title, "href": f"/versions/1/{key}/", "note": note}
    for key, title, note in (
        ("gate", "Gate", ""),
        ("evidence", "Evidence", 14),
        ("card", "Card", "41/46"),
        ("risks", "Risks", 3),
        ("lineage", "Lineage", ""),
        ("history", "History", ""),
    )
]
SIGN_OFFS = [
    {
        "title": "grace signed for fairness, now lapsed",
        "status": "lapsed",
        "at": NOW - timedelta(days=1, hours=4),
        "by": "grace",
        "role": "reviewer, fairness",
        "digest": DIGEST,
        "text": "The gap is visible and explained in the card. I accept the evidence as complete; the limit decides.",
    },
    {
        "title": "alan signed for security",
        "status": "signed",
        "at": NOW - timedelta(hours=20),
        "by": "alan",
        "role": "reviewer, security",
        "digest": DIGEST,
    },
]
CHANGES = [
    {
        "name": "Demographic parity ratio",
        "note": "measured again",
        "before": "0.671 (0.58 \u2013 0.76)",
        "after": "0.656 (0.573 \u2013 0.748)",
    },
    {"name": "Risk 12", "note": "priority", "before": "high, no owner", "after": "medium, ada"},
    {"name": "Card: intended use", "before": "", "after": "Pre-screening only; a person decides every refusal."},
]
MEASUREMENTS = [
    {
        "title": "Demographic parity ratio",
        "slice": "worst group: other against white",
        "value": 0.656,
        "low": 0.573,
        "high": 0.748,
        "level": 0.95,
        "n": 1989,
        "unit": "",
        "status": "ok",
        "limit": 0.8,
        "direction": "at_least",
        "outcome": "failed",
        "assurance": "platform-run",
        "method": "exact bootstrap",
        "href": "/measurements/1/",
    },
    {
        "title": "Equal opportunity difference",
        "slice": "worst group",
        "value": 0.088,
        "low": 0.034,
        "high": 0.142,
        "level": 0.95,
        "n": 1754,
        "unit": "",
        "status": "ok",
        "limit": 0.1,
        "direction": "at_most",
        "outcome": "undecided",
        "assurance": "platform-run",
        "method": "exact bootstrap",
    },
    {
        "title": "Area under the curve",
        "slice": "overall",
        "value": 0.835,
        "low": 0.812,
        "high": 0.858,
        "level": 0.95,
        "n": 1989,
        "unit": "",
        "status": "ok",
        "limit": 0.75,
        "direction": "at_least",
        "outcome": "passed",
        "assurance": "reproduced",
        "method": "DeLong",
    },
    {
        "title": "Approval rate",
        "slice": "overall",
        "value": 0.877,
        "low": 0.862,
        "high": 0.891,
        "level": 0.95,
        "n": 1989,
        "unit": "rate",
        "status": "ok",
        "assurance": "platform-run",
        "method": "Wilson",
    },
    {
        "title": "Predictive parity difference",
        "slice": "race: other",
        "n": 18,
        "status": "insufficient_data",
        "reason": "Fewer than 30 approvals in a group",
        "unit": "",
    },
]
SLICES = [
    {"label": "white", "value": 0.908, "low": 0.893, "high": 0.921, "n": 1681},
    {"label": "black", "value": 0.668, "low": 0.6, "high": 0.73, "n": 197, "highlight": True, "note": "the worst"},
    {"label": "hispanic", "value": 0.769, "low": 0.682, "high": 0.838, "n": 111},
    {"label": "another group with quite a long name", "value": None, "n": 4},
]
BINS = [
    {"predicted": p, "observed": o, "low": max(0, o - w), "high": min(1, o + w), "n": n}
    for p, o, w, n in (
        (0.08, 0.19, 0.11, 40),
        (0.22, 0.35, 0.1, 66),
        (0.37, 0.49, 0.09, 98),
        (0.52, 0.6, 0.07, 180),
        (0.68, 0.74, 0.05, 340),
        (0.83, 0.87, 0.03, 560),
        (0.94, 0.95, 0.015, 705),
    )
]
FEATURES = [
    {"name": name, "value": value, "low": value * 0.86, "high": value * 1.15}
    for name, value in (
        ("credit history meets guidelines", 0.412),
        ("unverified information", 0.236),
        ("loan to value", 0.141),
        ("other obligations, % of income", 0.118),
        ("housing expense, % of income", 0.061),
        ("married", 0.032),
    )
]
NODES = [
    {"id": "d", "label": "lending/loanapp@1990", "kind": "dataset", "href": "/datasets/1/"},
    {"id": "p", "label": "lending/loanapp-clean@2", "kind": "dataset", "href": "/datasets/2/"},
    {"id": "b", "label": "lending/bureau-scores@7", "kind": "dataset", "standing": "suspended", "href": "/datasets/3/"},
    {"id": "m", "label": "lending/mortgage-approval@1", "kind": "model", "current": True},
    {"id": "s", "label": "lending/pre-screen@4", "kind": "model", "href": "/versions/9/"},
]
EDGES = [("d", "p"), ("p", "m"), ("b", "m"), ("m", "s")]
