"""Statements whose parts do not belong together: each is refused, and the same with the right part is not."""

import pytest

from registry.management.embedded.postgres import SUPERUSER
from tests.models.attack import GATE, Attempt, Target, refused, target
from tests.models.statements import ANSWER, GRANT, GRANTED, MOVE, SIGN, SIGNED, WAIVE, WAIVED
from tests.models.written import (
    APPROVED,
    NEWEST,
    ONE_MOVE,
    ONE_VERDICT,
    OPEN,
    REV,
    past,
    proofs_aged,
    said,
    shown,
    shown_then,
    then,
)

__all__ = ["target"]

SEEN = f"{SIGN}%(grace)s, 'G', 'fairness', 'approve', '', {REV.format('%(ready)s')}, {NEWEST}, %(proof_of_grace)s)"
BY_ALAN = GRANT + "%(ready)s, %(alan)s, %(proof_of_alan)s)"
WITHDRAW = """insert into sign_off_withdrawal (sign_off_id, version_id, withdrawn_by_id, reason)
              values (%(sign_off)s, {}, %(grace)s, 'x')"""
ON_BRIEF = WAIVE.replace("%(ready)s", "%(brief)s") + "'threshold:1', '1', 'x', now() + interval '{} hours', %(ada)s)"
MOVE_SAID = f"{MOVE}%(signed)s, 'inference', %(ada)s, {ONE_VERDICT}, '')"
RIGHT = then(said(), MOVE_SAID)
YES = f"""{ANSWER}, passed, transition_id)
          values (gen_random_uuid(), %(signed)s, 'inference', %(yes)s, true, {ONE_MOVE})"""
ENVELOPED = past("attestation", "update attestation set envelope = 'x', created_at = now() - interval '21 days'")
RENEW = "select renew_attestations()"
NOTARY = "set session authorization assay_notary"


def wrong_verdict(name: str, *before: str, **changes: str) -> Attempt:
    return Attempt(
        f"a move with a verdict {name}",
        then(OPEN, *before, said(**changes), MOVE_SAID),
        GATE,
        role=SUPERUSER,
        says="carries the verdict",
        twin=then(OPEN, RIGHT),
    )


SIGNATURES = [
    Attempt(
        "a signature over another version's evidence",
        then(shown_then("%(signed)s", "%(rev)s"), SEEN),
        GATE,
        role=SUPERUSER,
        says="covers the digest",
        twin=then(OPEN, shown(), SEEN),
    ),
    Attempt(
        "a signature over what was shown for another stage",
        then(shown(stage="retired"), SEEN),
        GATE,
        says="covers the digest",
    ),
    Attempt(
        "a signature over what was shown before",
        then(shown_then("%(ready)s", "%(rev)s - 1"), SEEN),
        GATE,
        role=SUPERUSER,
        says="covers the digest",
    ),
    Attempt("a snapshot of evidence that was", shown(rev="%(rev)s - 1"), GATE, says="was looked at", twin=shown()),
    Attempt("a snapshot of evidence to come", shown(rev="%(rev)s + 1"), GATE, says="was looked at"),
    Attempt("a signature over nothing", SEEN.replace(NEWEST, "0"), GATE, says="covers the digest"),
    Attempt(
        "a signature with a proof of some minutes ago",
        then(proofs_aged(330), SIGNED),
        GATE,
        role=SUPERUSER,
        says="fresh proof",
        twin=then(proofs_aged(270), SIGNED),
    ),
    Attempt(
        "a proof that granted signs too",
        then(WAIVED, GRANTED, shown(), SEEN),
        GATE,
        says="serves once",
        twin=then(WAIVED, BY_ALAN, shown(), SEEN),
    ),
    Attempt(
        "a withdrawal names another version",
        WITHDRAW.format("%(ready)s"),
        GATE,
        says="their own",
        twin=WITHDRAW.format("%(signed)s"),
    ),
]
WAIVERS = [
    Attempt(
        "a waiver that is over as it begins",
        WAIVE + "'threshold:1', '1', 'x', now() - interval '1 second', %(ada)s)",
        GATE,
        says="ends within 72 hours",
    ),
    Attempt(
        "a waiver beyond what its own project's policy allows",
        ON_BRIEF.format(30),
        GATE,
        says="ends within 24 hours",
        twin=ON_BRIEF.format(20),
    ),
    Attempt(
        "a waiver of what no policy asks",
        ON_BRIEF.format(1).replace("%(brief)s", "%(unruled)s"),
        GATE,
        says="ends within 0 hours",
        twin=ON_BRIEF.format(30).replace("%(brief)s", "%(ready)s"),
    ),
    Attempt(
        "a waiver of the assessment",
        WAIVE + "'assessment:0', '0', 'x', now() + interval '1 hour', %(ada)s)",
        GATE,
        says="can't be waived",
    ),
    Attempt(
        "a waiver of the standing",
        WAIVE + "'standing:0', '0', 'x', now() + interval '1 hour', %(ada)s)",
        GATE,
        says="can't be waived",
    ),
    Attempt(
        "a grant with a proof of some minutes ago",
        then(proofs_aged(330), WAIVED, GRANTED),
        GATE,
        role=SUPERUSER,
        says="fresh proof",
        twin=then(proofs_aged(270), WAIVED, GRANTED),
    ),
    Attempt(
        "a grant by somebody who reviews nothing",
        then(WAIVED, GRANT + "%(ready)s, %(mary)s, %(proof_of_mary)s)"),
        GATE,
        says="granted by reviewers",
    ),
    Attempt("a proof that signed grants too", then(SIGNED, WAIVED, GRANTED), GATE, says="serves once"),
]
MOVES = [
    wrong_verdict("on another version", version_id="%(ready)s"),
    wrong_verdict("for another stage", to_stage="'retired'"),
    wrong_verdict("that is open", outcome="'undecided'"),
    wrong_verdict(
        "on another version's evidence",
        shown_then("%(ready)s", REV.format("%(signed)s")),
        snapshot_id=NEWEST,
    ),
    wrong_verdict("on older evidence", shown_then("%(signed)s", REV.format("%(signed)s") + " - 1"), snapshot_id=NEWEST),
    wrong_verdict("under another policy", policy_revision_id="%(draft)s"),
    wrong_verdict("under no policy", policy_revision_id="null"),
    wrong_verdict("that owns up to a waiver that is not there", body="""'{"waived": ["threshold:1"]}'"""),
    Attempt("a move with no verdict at all", MOVE_SAID, GATE, says="carries the verdict", twin=RIGHT),
]
ANSWERS = [
    Attempt(
        "an answer with a verdict for another stage",
        ANSWER + ") values (gen_random_uuid(), %(ready)s, 'retired', %(no)s)",
        GATE,
        says="belongs to its verdict",
        twin=ANSWER + ") values (gen_random_uuid(), %(ready)s, 'inference', %(no)s)",
    ),
    Attempt(
        "an answer with no verdict",
        ANSWER + ") values (gen_random_uuid(), %(ready)s, 'inference', gen_random_uuid())",
        GATE,
        says="belongs to its verdict",
    ),
    Attempt("a yes beside the judge", then(OPEN, APPROVED, YES), GATE, role=SUPERUSER, says="only a move"),
    Attempt(
        "a yes beside the notary",
        then(OPEN, APPROVED, ENVELOPED, YES),
        GATE,
        role=SUPERUSER,
        says="only a move",
    ),
    Attempt(
        "a yes that no move made",
        then(OPEN, APPROVED, ENVELOPED, YES.replace(ONE_MOVE, "null")),
        GATE,
        role=SUPERUSER,
        says="only a move",
    ),
    Attempt(
        "a renewal by somebody else",
        then(OPEN, APPROVED, ENVELOPED, RENEW),
        GATE,
        role=SUPERUSER,
        says="only a move",
        twin=then(OPEN, APPROVED, ENVELOPED, NOTARY, RENEW),
    ),
]
ATTEMPTS = [*SIGNATURES, *WAIVERS, *MOVES, *ANSWERS]


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda attempt: attempt.name)
def test_the_database_refuses(target: Target, attempt: Attempt) -> None:
    refused(target, attempt)
