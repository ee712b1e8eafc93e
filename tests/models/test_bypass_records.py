"""Statements against answers, events, verdicts and keys: each is refused with its code."""

import psycopg
import pytest

from registry.management.embedded.postgres import SUPERUSER
from tests.models.attack import GATE, Attempt, Target, refused, target
from tests.models.statements import ANSWER

__all__ = ["target"]

ATTEMPTS = [
    Attempt(
        "the app answers yes",
        ANSWER + (", passed) values (gen_random_uuid(), %(ready)s, 'inference', %(no)s, true)"),
        twin=ANSWER + (") values (gen_random_uuid(), %(ready)s, 'inference', %(no)s)"),
    ),
    Attempt(
        "the app ties an answer to a move",
        ANSWER + (", transition_id) values (gen_random_uuid(), %(ready)s, 'inference', %(no)s, gen_random_uuid())"),
    ),
    Attempt(
        "an answer with another version's verdict",
        ANSWER + (") values (gen_random_uuid(), %(ready)s, 'inference', %(yes)s)"),
        GATE,
        says="belongs to its verdict",
    ),
    Attempt("the app writes an envelope", "update attestation set envelope = 'x'"),
    Attempt("the notary turns a no into a yes", "update attestation set passed = true", role="assay_notary"),
    Attempt(
        "the notary makes an answer",
        ANSWER + (") values (gen_random_uuid(), %(ready)s, 'inference', %(no)s)"),
        role="assay_notary",
    ),
    Attempt(
        "a signed statement is replaced",
        (
            "update attestation set envelope = 'x' where version_id = %(ready)s;\nupdate attestation "
            "set envelope = 'y' where version_id = %(ready)s"
        ),
        GATE,
        role="assay_notary",
        says="never changed",
        twin=("update attestation set envelope = 'x' where version_id = %(ready)s"),
    ),
    Attempt("an event is rewritten", "update audit_event set body = '{}'"),
    Attempt("an event is deleted", "delete from audit_event"),
    Attempt("the notary deletes an event", "delete from audit_event", role="assay_notary"),
    Attempt(
        "an event of another transaction",
        (
            "insert into audit_event (verb, subject_kind, subject_id, subject_name, body, xid) "
            "values ('x', '', '', '', '{}', 1)"
        ),
        twin=(
            "insert into audit_event (verb, subject_kind, subject_id, subject_name, body) values "
            "('x', '', '', '', '{}')"
        ),
    ),
    Attempt(
        "an event with a leaf of its own",
        (
            "insert into audit_event (verb, subject_kind, subject_id, subject_name, body, leaf) "
            "values ('x', '', '', '', '{}', 'x')"
        ),
    ),
    Attempt("a verdict is rewritten", "update verdict set outcome = 'passed'"),
    Attempt("a move is struck out", "delete from transition"),
    Attempt("rows are copied in past the columns", "copy model_version (id, stage) from stdin"),
    Attempt(
        "a key is made known by the app",
        ("insert into signing_key (key_id, public_pem) values ('x', 'x')"),
        twin_role="assay_notary",
        twin=("insert into signing_key (key_id, public_pem) values ('x', 'x')"),
    ),
]


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda attempt: attempt.name)
def test_the_database_refuses(target: Target, attempt: Attempt) -> None:
    refused(target, attempt)


@pytest.mark.parametrize("role", ["assay_app", "assay_worker", "assay_notary"])
def test_no_run_time_role_deletes_or_truncates_a_governed_table(target: Target, role: str) -> None:
    with target.login(SUPERUSER) as connection:
        tables = [name for (name,) in connection.execute("select name from assay.governed order by name")]
    assert len(tables) > 30
    before = target.stages()
    with target.login(role) as connection:
        for table in [*tables, "authorship", "stage_edge"]:
            for statement in (f"delete from {table}", f"truncate {table} cascade"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                    connection.execute(statement)
    assert target.stages() == before


def test_not_even_the_owner_changes_or_deletes_what_is_recorded(target: Target) -> None:
    for table in ("transition", "sign_off", "measurement", "audit_event", "threshold", "verdict", "authorship"):
        for statement in (f"delete from {table}", f"update {table} set id = id", f"truncate {table} cascade"):
            refused(target, Attempt(statement, statement, GATE, role="assay_migrator", says="never changed"))
