"""Known answers: each requirement whole, as a person and a program are told it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from registry.gates.decide import decide
from registry.gates.values import DocumentRule, Evidence, Outcome, Policy
from registry.gates.verdict import Requirement
from tests.gates.samples import (
    CARD,
    EVIDENCE,
    GUARDED,
    MEASURED,
    NOW,
    POLICY,
    RISK,
    RULE,
    RUN,
    SEAT,
    SIGNED,
    THRESHOLD,
    WRITTEN,
    measured,
    waiver,
)

P, F, U = Outcome.PASSED, Outcome.FAILED, Outcome.UNDECIDED


class Case(NamedTuple):
    """What a gate looks at, and all of the requirements of one kind that it tells."""

    name: str
    evidence: Evidence
    kind: str
    told: tuple[Requirement, ...]
    policy: Policy | None = POLICY
    to_stage: str = "inference"


def having(**changes: Any) -> Evidence:
    return replace(EVIDENCE, **changes)


def policy(**changes: Any) -> Policy:
    return replace(POLICY, **changes)


def requirement(id: str, asked: str, outcome: Outcome, found_text: str, unblock: str = "", **rest: Any) -> Requirement:
    return Requirement(id=id, asked=asked, outcome=outcome, found_text=found_text, unblock=unblock, **rest)


def ways() -> Iterator[Case]:
    asked = "An active policy that asks for signatures before inference"
    active = requirement("policy:0", asked, P, "it is active")
    none = requirement(
        "policy:0", asked, F, "none is active", "Activate a policy for this project; two people must agree."
    )
    yield Case("policy active", EVIDENCE, "policy", (active,))
    yield Case("policy missing", EVIDENCE, "policy", (none,), policy=None)
    yield Case("policy without seats", EVIDENCE, "policy", (none,), policy=policy(sign_offs=()))
    free = replace(GUARDED, guarded=False, needs_artifact=False)
    yield Case("way that is free", having(edge=free, has_artifact=False), "policy", ())
    yield Case("way that needs no files", having(edge=free, has_artifact=False), "artifact", ())

    asked = "Files, or their digests, that identify the model"
    identified = requirement("artifact:0", asked, P, "identified")
    lacking = requirement("artifact:0", asked, U, "none registered", "Attach the model's files or their digests.")
    yield Case("files identified", EVIDENCE, "artifact", (identified,))
    yield Case("files not registered", having(has_artifact=False), "artifact", (lacking,))

    suspended = requirement("standing:0", "Good standing", F, "suspended", "Renew its approval for training first.")
    gone = requirement("standing:0", "Good standing", F, "withdrawn", "It stays withdrawn: register a new version.")
    for standing, to_stage, told in (
        ("good", "inference", ()),
        ("good", "training", ()),
        ("suspended", "inference", (suspended,)),
        ("suspended", "training", ()),
        ("suspended", "retired", ()),
        ("withdrawn", "inference", (gone,)),
        ("withdrawn", "training", (gone,)),
        ("withdrawn", "retired", ()),
    ):
        yield Case(f"{standing} to {to_stage}", having(standing=standing), "standing", told, to_stage=to_stage)


def evaluations() -> Iterator[Case]:
    asked = "fairness.group has run, platform-run or better"
    wait, again = "Wait for it to finish.", "Run fairness.group again."
    lesser, best = replace(RULE, assurance="self-reported"), replace(RULE, assurance="reproduced")

    def told(outcome: Outcome, found_text: str, unblock: str = "", *, asked: str = asked) -> tuple[Requirement]:
        detail = {"evaluator": "fairness.group", "evaluation": "r"}
        return (requirement("evaluation:3", asked, outcome, found_text, unblock, found="r", detail=detail),)

    done = "finished 2026-02-28 12:00 UTC, platform-run"
    yield Case("run done", EVIDENCE, "evaluation", told(P, done))
    for state, failure, found_text, advice in (
        ("queued", "", "the latest run is queued", wait),
        ("running", "", "the latest run is running", wait),
        ("cancelling", "", "the latest run is being cancelled", again),
        ("failed", "no such column", "the latest run failed: no such column", again),
        ("failed_infra", "", "the latest run broke down", again),
        ("lost", "", "the latest run has no result", again),
    ):
        runs = (replace(RUN, state=state, failure=failure),)
        yield Case(f"run {state}", having(runs=runs), "evaluation", told(U, found_text, advice))
    endless = having(runs=(replace(RUN, finished_at=None),))
    yield Case("run without an end", endless, "evaluation", told(U, "the latest run has no result", again))
    old = having(runs=(replace(RUN, finished_at=NOW - RULE.max_age),))
    yield Case("run long ago", old, "evaluation", told(U, "it finished 2025-12-01, too long ago", again))
    young = having(runs=(replace(RUN, finished_at=NOW - RULE.max_age + timedelta(seconds=1)),))
    yield Case("run just in time", young, "evaluation", told(P, "finished 2025-12-01 12:00 UTC, platform-run"))
    for rule, assurance, outcome in (
        (lesser, "self-reported", P),
        (lesser, "platform-run", P),
        (best, "reproduced", P),
    ):
        runs = (replace(RUN, assurance=assurance),)
        words = told(
            outcome,
            f"finished 2026-02-28 12:00 UTC, {assurance}",
            asked=f"fairness.group has run, {rule.assurance} or better",
        )
        name = f"run {assurance} where {rule.assurance} is asked"
        yield Case(name, having(runs=runs), "evaluation", words, policy=policy(evaluations=(rule,)))
    words = told(
        U, "it is platform-run", "Run fairness.group here.", asked="fairness.group has run, reproduced or better"
    )
    yield Case("run too weak", EVIDENCE, "evaluation", words, policy=policy(evaluations=(best,)))
    detail = {"evaluator": "fairness.group", "evaluation": None}
    none = requirement(
        "evaluation:3", asked, U, "it has not run on this artifact", "Run fairness.group.", detail=detail
    )
    yield Case("no run", having(runs=()), "evaluation", (none,))


def thresholds() -> Iterator[Case]:
    asked_fields = {
        "metric": "fairness.ratio", "slice": "worst", "direction": "at_least", "limit": 0.8, "tolerance": 0.0,
        "aspect": "fairness", "source": "Four fifths.",
    }  # fmt: skip
    asked = "fairness.ratio in worst: lower bound ≥ 0.80"

    def told(outcome: Outcome, found_text: str, unblock: str = "", *, asked: str = asked, **detail: Any) -> tuple[Any]:
        found = {"low": 0.85, "high": 0.95, "value": 0.9, "level": 0.95, "n": 1000, "measurement": 11, "needed_n": None}
        both = asked_fields | found | detail
        return (requirement("threshold:7", asked, outcome, found_text, unblock, found="11", detail=both),)

    within = "0.90, 95% interval 0.85 to 0.95"
    yield Case("limit met", EVIDENCE, "threshold", told(P, within))
    none = requirement(
        "threshold:7", asked, U, "nothing measured", "Run fairness.group.", detail=asked_fields | {"needed_n": None}
    )
    yield Case("nothing measured", having(measured=()), "threshold", (none,))
    supports = "Run fairness.group on data that supports it."
    for name, changes, found_text in (
        ("not measured", {"status": "insufficient_data", "reason": "too few rows"}, "not measured: too few rows"),
        ("not measured for no reason", {"status": "error"}, "not measured: error"),
        ("no interval", {"low": None, "high": None, "reason": "no interval"}, "not measured: no interval"),
    ):
        fields = {key: value for key, value in changes.items() if key in {"low", "high"}}
        yield Case(name, measured(**changes), "threshold", told(U, found_text, supports, **fields))
    never = "Judge by a measure that has one: this one never meets a limit."
    bare = told(U, "measured, but without an interval", never, low=None, high=None)
    yield Case("a bare number", measured(low=None, high=None), "threshold", bare)
    yield Case(
        "measured elsewhere",
        measured(assurance="self-reported"),
        "threshold",
        told(U, "measured, but only self-reported", "Run fairness.group here, for platform-run assurance."),
    )
    yield Case(
        "measured long ago",
        measured(measured_at=NOW - RULE.max_age),
        "threshold",
        told(U, "measured 2025-12-01, too old", "Run fairness.group again."),
    )
    yield Case("measured just in time", measured(measured_at=NOW - RULE.max_age + timedelta(seconds=1)), "threshold",
               told(P, within))  # fmt: skip
    some = measured(excluded=frozenset({"b", "a", "c"}))
    unblock = "Bring more rows of a, b, or name them in the policy."
    allowed = policy(thresholds=(replace(THRESHOLD, excluded_allowed=frozenset({"c"})),))
    words = told(U, "judged without a, b: too few rows", unblock)
    yield Case("judged without some", some, "threshold", words, policy=allowed)
    allowed = policy(thresholds=(replace(THRESHOLD, excluded_allowed=frozenset("abcd")),))
    yield Case("judged without those it may be", some, "threshold", told(P, within), policy=allowed)

    misses = "The whole interval misses the limit: change the model until its bound is"
    low = told(F, "0.60, 95% interval 0.50 to 0.70", f"{misses} ≥ 0.80.", low=0.5, value=0.6, high=0.7)
    yield Case("limit missed", measured(low=0.5, value=0.6, high=0.7), "threshold", low)
    bare = told(P, "95% interval 0.85 to 0.95", value=None)
    yield Case("no estimate", measured(value=None), "threshold", bare)
    overall = replace(THRESHOLD, direction="at_most", slice="overall")
    fields = {"direction": "at_most", "slice": "overall"}
    words = told(F, within, f"{misses} ≤ 0.80.", asked="fairness.ratio: upper bound ≤ 0.80", **fields)
    yield Case("limit from above", measured(slice="overall"), "threshold", words, policy=policy(thresholds=(overall,)))
    band = replace(THRESHOLD, direction="within", tolerance=0.2)
    fields = {"direction": "within", "tolerance": 0.2}
    words = told(P, within, asked="fairness.ratio in worst: whole interval = 0.80 ± 0.20", **fields)
    yield Case("limit on both sides", EVIDENCE, "threshold", words, policy=policy(thresholds=(band,)))
    medium = policy(thresholds=(replace(THRESHOLD, need_level="medium"),))
    yield Case("need that was not said", having(needs={}), "threshold", (), policy=medium)


def documents() -> Iterator[Case]:
    missing = "Answer what is missing in the model card."

    def told(outcome: Outcome, found_text: str, unblock: str = "", *, found: str = "4") -> tuple[Requirement]:
        asked = "Model card: at least 80% of the required questions answered"
        detail = {"document": "model_card"}
        return (requirement("document:2", asked, outcome, found_text, unblock, found=found, detail=detail),)

    def written(**changes: Any) -> Evidence:
        return having(documents=(replace(WRITTEN, **changes),))

    yield Case("card complete", written(answered=10), "document", told(P, "complete"))
    enough = told(P, "m@1: 8 of 10 required questions answered")
    yield Case("card with gaps that are allowed", EVIDENCE, "document", enough)
    yield Case("card not written", written(revision=0), "document", told(U, "m@1: not written", missing, found="0"))
    nothing = told(U, "m@1: no required question applies", missing)
    yield Case("card without questions", written(answered=0, applicable=0), "document", nothing)
    some = told(U, "m@1: 7 of 10 required questions answered", missing)
    yield Case("card with gaps", written(answered=7), "document", some)
    almost = told(U, "m@1: 799 of 1000 required questions answered", missing)
    yield Case("card just short", written(answered=799, applicable=1000), "document", almost)
    unknown = frozenset({"use.intended", "data.source", "model.owner"})
    rule = replace(CARD, must_know=frozenset({"use.intended", "data.source", "use.out"}))
    words = told(U, "m@1: unknown data.source, use.intended", missing)
    yield Case("card of unknowns", written(unknown=unknown), "document", words, policy=policy(documents=(rule,)))

    other = replace(WRITTEN, kind="datasheet", answered=0, revision=9)
    yield Case("other document", having(documents=(WRITTEN, other)), "document", enough)
    several = tuple(replace(WRITTEN, subject=s, revision=r, answered=r) for s, r in (("c", 8), ("b", 3), ("a", 0)))
    found_text = "a: not written; b: 3 of 10 required questions answered"
    yield Case("several", having(documents=several), "document", told(U, found_text, missing, found="0,3,8"))
    sheet = requirement(
        "document:6",
        "Datasheet: at least 1% of the required questions answered",
        U,
        "nothing that a datasheet could describe is pinned",
        "Register a new version that names what the datasheet describes.",
        detail={"document": "datasheet"},
    )
    sheets = policy(documents=(DocumentRule(id=6, kind="datasheet", min_percent=1),))
    yield Case("nothing to describe", EVIDENCE, "document", (sheet,), policy=sheets)


def risks() -> Iterator[Case]:
    asked = "A risk assessment for the stage training"
    none = requirement("assessment:0", asked, U, "none", "Write the risk assessment.")
    yield Case("assessment there", EVIDENCE, "assessment", ())
    yield Case("assessment missing", having(has_assessment=False), "assessment", (none,))
    for priority in ("high", "critical"):
        open_risk = requirement(
            "risk:12",
            "No open risk of high priority or above",
            F,
            f"{priority}: It may go wrong",
            "Resolve it, with what was done.",
            found="12",
        )
        yield Case(f"risk {priority}", having(risks=(replace(RISK, priority=priority),)), "risk", (open_risk,))
    yield Case("risk medium", having(risks=(replace(RISK, priority="medium"),)), "risk", ())
    yield Case("risk treated", EVIDENCE, "treatment", ())
    for has_treatment, has_owner, lacking in (
        (False, True, "treatment"),
        (True, False, "owner"),
        (False, False, "treatment and owner"),
    ):
        bare = requirement(
            "treatment:12",
            "A treatment and an owner for every open risk",
            U,
            f"It may go wrong: no {lacking}",
            f"Name its {lacking}.",
            found="12",
        )
        open_risks = (replace(RISK, has_treatment=has_treatment, has_owner=has_owner),)
        yield Case(f"risk without {lacking}", having(risks=open_risks), "treatment", (bare,))


def signatures() -> Iterator[Case]:
    hans, ada = replace(SIGNED, person=2, name="Hans"), replace(SIGNED, person=3, name="Ada")
    nobody, grace, both = "nobody has approved this evidence", "signed by Grace", "signed by Grace, Hans"
    one = "One person with expertise in fairness, not an author, must sign."
    two = "2 people with expertise in fairness, not an author, must sign."
    refusing = replace(SIGNED, approves=False)
    for people, signed, outcome, found_text, unblock in (
        (1, (), U, nobody, one),
        (1, (SIGNED,), P, grace, ""),
        (1, (refusing,), U, nobody, one),
        (1, (hans, SIGNED), P, both, ""),
        (2, (), U, nobody, two),
        (2, (SIGNED,), U, grace, one),
        (2, (SIGNED, SIGNED), U, grace, one),
        (2, (hans, SIGNED), P, both, ""),
        (3, (SIGNED, hans, ada), P, "signed by Ada, Grace, Hans", ""),
    ):
        names = sorted({signature.name for signature in signed if signature.approves})
        told = requirement(
            "sign_off:5",
            f"Sign-off by {'one person' if people == 1 else f'{people} people'} with expertise in fairness",
            outcome,
            found_text,
            unblock,
            detail={"expertise": "fairness", "people": people, "signed": names},
        )
        seats = policy(sign_offs=(replace(SEAT, people=people),))
        name = f"{people} asked, {' and '.join(names) or 'nobody'} of {len(signed)} signed"
        yield Case(name, having(signatures=signed), "sign_off", (told,), policy=seats)


CASES = [*ways(), *evaluations(), *thresholds(), *documents(), *risks(), *signatures()]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_requirement_is_told_whole(case: Case) -> None:
    verdict = decide(case.policy, case.evidence, to_stage=case.to_stage, now=NOW)
    assert tuple(item for item in verdict.requirements if item.kind == case.kind) == case.told


def test_where_there_is_no_way_nothing_else_is_told() -> None:
    told = requirement(
        "edge:0", "A way from training to inference", F, "there is none", "Take the stages in their order."
    )
    for given in (POLICY, None):
        verdict = decide(given, having(edge=None, standing="withdrawn"), to_stage="inference", now=NOW)
        assert verdict.requirements == (told,)


def test_a_verdict_is_stored_whole_with_what_was_waived() -> None:
    evidence = replace(measured(low=0.65), waivers=(waiver("threshold:7", "11"),), edge=replace(GUARDED, guarded=False))
    asked = policy(evaluations=(), documents=(), risk_rule=None, sign_offs=())
    artifact = {
        "id": "artifact:0", "kind": "artifact", "asked": "Files, or their digests, that identify the model",
        "found": "identified", "found_id": "0", "outcome": "passed", "unblock": "", "waived_until": None, "detail": {},
    }  # fmt: skip
    threshold = {
        "id": "threshold:7", "kind": "threshold", "asked": "fairness.ratio in worst: lower bound ≥ 0.80",
        "found": "0.90, 95% interval 0.65 to 0.95", "found_id": "11", "outcome": "undecided",
        "unblock": "About 6,300 rows instead of 1,000 would settle it if the estimate holds.",
        "waived_until": "2026-03-01T13:00:00+00:00",
        "detail": {
            "metric": "fairness.ratio", "slice": "worst", "direction": "at_least", "limit": 0.8, "tolerance": 0.0,
            "aspect": "fairness", "source": "Four fifths.", "low": 0.65, "high": 0.95, "value": 0.9, "level": 0.95,
            "n": MEASURED.n, "measurement": 11, "needed_n": 6300,
        },
    }  # fmt: skip
    assert decide(asked, evidence, to_stage="inference", now=NOW).as_dict() == {
        "to_stage": "inference", "outcome": "passed", "waived": ["threshold:7"], "requirements": [artifact, threshold],
    }  # fmt: skip
