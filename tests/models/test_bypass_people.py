"""Statements against signatures, proofs, expertise and waivers: each is refused with its code."""

import pytest

from tests.models.attack import GATE, TWICE, Attempt, Target, refused, target
from tests.models.statements import GRANT, GRANTED, SIGN, SIGNED, WAIVE, WAIVED

__all__ = ["target"]

ATTEMPTS = [
    Attempt(
        "a signature of an older evidence",
        SIGN + ("%(grace)s, 'G', 'fairness', 'approve', '', %(rev)s - 1, %(snapshot)s, %(proof_of_grace)s)"),
        GATE,
        says="evidence changed",
        twin=SIGNED,
    ),
    Attempt(
        "a signature with another person's proof",
        SIGN + ("%(grace)s, 'G', 'fairness', 'approve', '', %(rev)s, %(snapshot)s, %(proof_of_alan)s)"),
        GATE,
        says="fresh proof",
        twin=SIGNED,
    ),
    Attempt("a signature over another snapshot", SIGNED.replace("%(ready)s", "%(signed)s"), GATE),
    Attempt("a proof that is used twice", SIGNED + ";\n" + SIGNED, TWICE),
    Attempt(
        "a grant with another person's proof",
        WAIVED + ";\n" + GRANT + "%(ready)s, %(grace)s, %(proof_of_alan)s)",
        GATE,
        says="fresh proof",
        twin=WAIVED + ";\n" + GRANTED,
    ),
    Attempt(
        "a proof that signs and grants",
        WAIVED
        + ";\n"
        + GRANTED
        + ";\n"
        + SIGNED.replace("%(rev)s", ("(select evidence_rev from model_version where id = %(ready)s)")),
        GATE,
    ),
    Attempt(
        "a proof from the future",
        ("insert into reauthentication (person_id, method, nonce, at) values (%(grace)s, 'password', 'n', 'infinity')"),
        twin=("insert into reauthentication (person_id, method, nonce) values (%(grace)s, 'password', 'n')"),
    ),
    Attempt(
        "a nonce that was used",
        (
            "insert into reauthentication (person_id, method, nonce) values (%(grace)s, 'password', "
            "'n');\ninsert into reauthentication (person_id, method, nonce) values (%(grace)s, "
            "'password', 'n')"
        ),
        TWICE,
    ),
    Attempt(
        "a signature that says when",
        SIGNED.replace("reauthentication_id)", "reauthentication_id, signed_at)").replace(
            "%(proof_of_grace)s)", "%(proof_of_grace)s, now())"
        ),
    ),
    Attempt("a signature changes its mind", "update sign_off set meaning = 'approve'"),
    Attempt(
        "a signature is deleted",
        "delete from sign_off where id = %(sign_off)s",
        twin=(
            "insert into sign_off_withdrawal (sign_off_id, version_id, withdrawn_by_id, reason) "
            "values (%(sign_off)s, %(signed)s, %(grace)s, 'x')"
        ),
    ),
    Attempt(
        "somebody else withdraws a signature",
        (
            "insert into sign_off_withdrawal (sign_off_id, version_id, withdrawn_by_id, reason) "
            "values (%(sign_off)s, %(signed)s, %(alan)s, 'x')"
        ),
        GATE,
        says="their own",
    ),
    Attempt("a withdrawal is deleted", "delete from sign_off_withdrawal"),
    Attempt(
        "expertise is self-granted",
        (
            "insert into reviewer_expertise (team_id, person_id, expertise, granted_by_id) values "
            "(%(team)s, %(grace)s, 'legal', %(grace)s)"
        ),
        GATE,
        twin=(
            "insert into reviewer_expertise (team_id, person_id, expertise, granted_by_id) values "
            "(%(team)s, %(grace)s, 'legal', %(joan)s)"
        ),
    ),
    Attempt(
        "a role is self-granted",
        (
            "insert into membership (team_id, person_id, role, granted_by_id) values (%(team)s, "
            "%(ada)s, 'reviewer', %(ada)s)"
        ),
        GATE,
    ),
    Attempt(
        "a role from nobody",
        ("insert into membership (team_id, person_id, role) values (%(team)s, %(ada)s, 'reviewer')"),
        GATE,
    ),
    Attempt(
        "a waiver for ever",
        WAIVE + "'threshold:1', '1', 'x', 'infinity', %(ada)s)",
        GATE,
        says="ends within 72 hours",
        twin=WAIVED,
    ),
    Attempt(
        "a waiver beyond the policy's limit",
        WAIVE + ("'threshold:1', '1', 'x', now() + interval '73 hours', %(ada)s)"),
        GATE,
        says="ends within 72 hours",
    ),
    Attempt(
        "a waiver of a signature",
        WAIVE + "'sign_off:1', '0', 'x', now() + interval '1 hour', %(ada)s)",
        GATE,
        says="can't be waived",
    ),
    Attempt(
        "a waiver of the policy",
        WAIVE + "'policy:0', '0', 'x', now() + interval '1 hour', %(ada)s)",
        GATE,
        says="can't be waived",
    ),
    Attempt(
        "a waiver of the edge",
        WAIVE + "'edge:0', '0', 'x', now() + interval '1 hour', %(ada)s)",
        GATE,
        says="can't be waived",
    ),
    Attempt(
        "a waiver of the files",
        WAIVE + "'artifact:0', '0', 'x', now() + interval '1 hour', %(ada)s)",
        GATE,
        says="can't be waived",
    ),
    Attempt("a waiver without a reason", WAIVED.replace("'x'", "''"), GATE, says="a_waiver_has_a_reason"),
    Attempt("a waiver made longer", "update waiver set expires_at = 'infinity'"),
    Attempt(
        "one's own waiver",
        WAIVED.replace("%(ada)s", "%(grace)s") + ";\n" + GRANTED,
        GATE,
        says="granted by reviewers",
        twin=WAIVED + ";\n" + GRANTED,
    ),
    Attempt(
        "a grant by an author",
        WAIVED + ";\n" + GRANT + "%(ready)s, %(ada)s, %(proof_of_ada)s)",
        GATE,
        says="granted by reviewers",
    ),
    Attempt(
        "a grant for another version",
        WAIVED + ";\n" + GRANT + "%(early)s, %(grace)s, %(proof_of_grace)s)",
        GATE,
        says="names the version",
    ),
    Attempt("two grants by one person", WAIVED + ";\n" + GRANTED + ";\n" + GRANTED, TWICE),
]


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda attempt: attempt.name)
def test_the_database_refuses(target: Target, attempt: Attempt) -> None:
    refused(target, attempt)
