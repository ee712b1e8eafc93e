"""L2: a signed yes rests on a move, and says of it what is true."""

import base64
import json
from collections.abc import Iterator
from typing import Any

from registry.management.invariants.reading import Row, rows


def unfounded_answers() -> Iterator[str]:
    """Every stored answer is looked at, and every envelope decoded."""
    found = rows(
        """select a.id, a.passed, a.stage, a.root_digest, a.envelope, a.version_id, a.expires_at,
                  t.id as move, t.kind, t.to_stage, t.version_id as moved, t.expires_at as ends, e.guarded
             from attestation a left join transition t on t.id = a.transition_id
             left join stage_edge e on e.from_stage = t.from_stage and e.to_stage = t.to_stage"""
    )
    for answer in found:
        problems = [*_of_the_row(answer), *_of_the_envelope(answer)]
        yield from (f"the answer {answer['id']} {problem}" for problem in problems)


def _of_the_row(answer: Row) -> Iterator[str]:
    if not answer["passed"]:
        return
    if answer["move"] is None or not answer["guarded"]:
        yield "says yes without a move that was judged"
    elif (answer["moved"], answer["to_stage"], answer["ends"]) != (
        answer["version_id"],
        answer["stage"],
        answer["expires_at"],
    ):
        yield "says yes to something else than its move"


def _of_the_envelope(answer: Row) -> Iterator[str]:
    if answer["envelope"] is None:
        return
    statement: dict[str, Any] = json.loads(base64.b64decode(json.loads(bytes(answer["envelope"]))["payload"]))
    said = statement["predicate"]
    if (said["verificationResult"] == "PASSED") is not answer["passed"]:
        yield "signs another result than its row has"
    if [subject["digest"]["sha256"] for subject in statement["subject"]] != [answer["root_digest"]]:
        yield "signs other files than its row names"
    is_waived = any(level.endswith("_WAIVED") for level in said["verifiedLevels"])
    if answer["passed"] and is_waived is not (answer["kind"] == "waived"):
        yield "does not own up to its waiver"
