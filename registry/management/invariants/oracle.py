"""L1: every move along a guarded edge is judged again, from what stood at that moment.

A third judge, apart from the gate in Python and the one in SQL: it imports neither, and reads the log where rows have
changed since. It answers with what was missing; for every move that stands, that is nothing.
"""

import math
from collections.abc import Iterator

from registry.management.invariants.past import policy_at, risks_at, signers_at, waived_at
from registry.management.invariants.reading import Row, rows

TRUST = ("self-reported", "platform-run", "reproduced")
WEIGHT = ("low", "medium", "high", "critical")
Finding = tuple[str, str]


def unfounded_moves() -> Iterator[str]:
    """L1, for every guarded move there is."""
    moves = rows(
        """select t.*, e.guarded, e.needs_artifact, v.root_digest
             from transition t join model_version v on v.id = t.version_id
             left join stage_edge e on e.from_stage = t.from_stage and e.to_stage = t.to_stage
            where e.guarded is distinct from false"""
    )
    for move in moves:
        if missing := sorted(requirement for requirement, _ in lacking(move)):
            yield f"the move {move['id']} to {move['to_stage']} was let in without {', '.join(missing)}"


def lacking(move: Row) -> set[Finding]:
    """What the move did not have, and no waiver covered."""
    if move["guarded"] is None:
        return {("edge:0", "0")}
    policy = policy_at(move["version_id"], move["at"])
    if policy is None:
        return {("policy:0", "0")}
    revision = policy["revision_id"]
    found = {*_unmeasured(move, revision), *_unwritten(move, revision), *_risky(move, revision)}
    accepted = waived_at(move["version_id"], move["to_stage"], move["at"])
    bare = set() if move["root_digest"] or not move["needs_artifact"] else {("artifact:0", "0")}
    return (found - accepted) | bare | set(_unsigned(move, revision))


def _unsigned(move: Row, revision: str) -> Iterator[Finding]:
    seats = rows("select * from sign_off_rule where revision_id = %s and to_stage = %s", revision, move["to_stage"])
    if not seats:
        yield "policy:0", "0"
    signed = signers_at(move["version_id"], move["to_stage"], move["evidence_rev"], move["at"])
    for seat in seats:
        if len(signed.get(seat["expertise"], ())) < seat["people"]:
            yield f"sign_off:{seat['id']}", "0"


def _unmeasured(move: Row, revision: str) -> Iterator[Finding]:
    asked = rows(
        "select * from required_evaluation where revision_id = %s and to_stage = %s", revision, move["to_stage"]
    )
    for rule in asked:
        runs = rows(
            """select * from evaluation where version_id = %s and spec_digest = %s and root_digest = %s
                  and requested_at <= %s and state <> 'cancelled' order by requested_at desc, id desc limit 1""",
            move["version_id"], rule["spec_digest"], move["root_digest"], move["at"],
        )  # fmt: skip
        if not runs or not _is_good_run(runs[0], rule, move):
            yield f"evaluation:{rule['id']}", str(runs[0]["id"]) if runs else "0"
        yield from _short_of_limits(move, rule)


def _is_good_run(run: Row, rule: Row, move: Row) -> bool:
    ended = run["finished_at"]
    in_time = ended is not None and move["at"] - rule["max_age"] < ended <= move["at"]
    return run["state"] == "done" and in_time and TRUST.index(run["assurance"]) >= TRUST.index(rule["assurance"])


def _short_of_limits(move: Row, rule: Row) -> Iterator[Finding]:
    for limit in rows("select * from threshold where evaluation_id = %s", rule["id"]):
        if limit["need_level"] not in ("any", _need(move, limit["aspect"])):
            continue
        measured = rows(
            """select * from measurement where version_id = %s and root_digest = %s and spec_digest = %s and metric = %s
                  and slice = %s and measured_at <= %s order by id desc limit 1""",
            move["version_id"], move["root_digest"], rule["spec_digest"], limit["metric"], limit["slice"], move["at"],
        )  # fmt: skip
        if not measured or not _clears(measured[0], limit, rule, move):
            yield f"threshold:{limit['id']}", str(measured[0]["id"]) if measured else "0"


def _need(move: Row, aspect: str) -> str:
    newest = rows(
        """select n.level from trust_need n join registered_model m on m.project_id = n.project_id
             join model_version v on v.model_id = m.id
            where v.id = %s and n.aspect = %s and n.set_at <= %s order by n.set_at desc, n.id desc limit 1""",
        move["version_id"],
        aspect,
        move["at"],
    )
    return str(newest[0]["level"]) if newest else "high"


def _clears(measured: Row, limit: Row, rule: Row, move: Row) -> bool:
    low, high, wanted, give = measured["low"], measured["high"], limit["limit"], limit["tolerance"]
    if measured["status"] != "ok" or low is None or high is None or not math.isfinite(low) or not math.isfinite(high):
        return False
    if TRUST.index(measured["assurance"]) < TRUST.index(rule["assurance"]):
        return False
    if measured["measured_at"] <= move["at"] - rule["max_age"] or set(measured["excluded"]) - set(
        limit["excluded_allowed"]
    ):
        return False
    holds = {
        "at_least": low >= wanted,
        "at_most": high <= wanted,
        "within": wanted - give <= low and high <= wanted + give,
    }
    return bool(holds[limit["direction"]])


def _unwritten(move: Row, revision: str) -> Iterator[Finding]:
    asked = rows("select * from required_document where revision_id = %s and to_stage = %s", revision, move["to_stage"])
    for rule in asked:
        newest = rows(
            """select r.* from document d left join lateral (
                 select * from document_revision x where x.document_id = d.id and x.written_at <= %s
                  order by x.id desc limit 1) r on true
                where d.kind = %s and (d.model_version_id = %s or d.dataset_version_id in (
                  select parent_dataset_id from lineage_edge where child_model_id = %s and recorded_at <= %s))
                order by r.id nulls first""",
            move["at"], rule["kind"], move["version_id"], move["version_id"], move["at"],
        )  # fmt: skip
        if not newest or not all(_is_complete(one, rule) for one in newest):
            yield f"document:{rule['id']}", ",".join(str(one["id"] or 0) for one in newest) or "0"


def _is_complete(written: Row, rule: Row) -> bool:
    if not written["applicable"]:
        return False
    enough = written["answered"] * 100 >= rule["min_percent"] * written["applicable"]
    return enough and not set(written["unknown"]) & set(rule["must_know"])


def _risky(move: Row, revision: str) -> Iterator[Finding]:
    rules = rows("select * from stage_rule where revision_id = %s and to_stage = %s", revision, move["to_stage"])
    if not rules or not rules[0]["block_from"]:
        return
    looked = rows(
        "select id from risk_assessment where version_id = %s and stage = %s and opened_at <= %s",
        move["version_id"],
        move["from_stage"],
        move["at"],
    )
    if not looked:
        yield "assessment:0", "0"
    for risk in risks_at(move["version_id"], move["at"]):
        if WEIGHT.index(risk["priority"]) >= WEIGHT.index(rules[0]["block_from"]):
            yield f"risk:{risk['id']}", str(risk["id"])
        if not risk["treatment"] or risk["owner_id"] is None:
            yield f"treatment:{risk['id']}", str(risk["id"])
