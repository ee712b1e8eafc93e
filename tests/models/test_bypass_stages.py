"""Statements against the stage, the edges and the files: each is refused with its code, and its twin is not."""

import pytest

from tests.models.attack import GATE, READ_ONLY, Attempt, Target, refused, target
from tests.models.statements import MOVE, MOVED

__all__ = ["target"]

ATTEMPTS = [
    Attempt("the app names a stage", "update model_version set stage = 'inference' where id = %(ready)s", twin=MOVED),
    Attempt("the app names a standing", "update model_version set standing = 'good' where id = %(ready)s"),
    Attempt(
        "the app turns the evidence revision back", ("update model_version set evidence_rev = 0 where id = %(ready)s")
    ),
    Attempt(
        "a version is born approved",
        """insert into model_version (id, model_id, team_id, label, registered_by_id, stage)
           values (gen_random_uuid(), %(model)s, %(team)s, '9', %(ada)s, 'inference')""",
        twin="""insert into model_version (id, model_id, team_id, label, registered_by_id)
                values (gen_random_uuid(), %(model)s, %(team)s, '9', %(ada)s)""",
    ),
    Attempt(
        "an upsert names a stage",
        """insert into model_version (id, model_id, team_id, label, registered_by_id)
           values (%(ready)s, %(model)s, %(team)s, '1', %(ada)s) on conflict (id) do update set stage = 'inference'""",
    ),
    Attempt(
        "a merge names a stage",
        """merge into model_version v using (select %(ready)s::uuid as id) s on v.id = s.id
           when matched then update set stage = 'inference'""",
    ),
    Attempt(
        "a move without signatures",
        MOVE + "%(ready)s, 'inference', %(ada)s, %(no)s, '')",
        GATE,
        says="sign_off:",
        twin=MOVED,
    ),
    Attempt("a move that skips stages", MOVE + "%(early)s, 'inference', %(ada)s, %(yes)s, '')", GATE, says="no edge"),
    Attempt("a move to where it stands", MOVE + "%(ready)s, 'training', %(ada)s, %(no)s, '')", GATE, says="no edge"),
    Attempt(
        "a move to a stage that isn't one",
        MOVE + "%(signed)s, 'production', %(ada)s, %(yes)s, '')",
        GATE,
        says="no edge",
    ),
    Attempt(
        "a move of nothing",
        MOVE + "gen_random_uuid(), 'inference', %(ada)s, %(yes)s, '')",
        GATE,
        says="no such version",
    ),
    Attempt(
        "a move with another version's verdict",
        MOVE + "%(signed)s, 'inference', %(ada)s, %(no)s, '')",
        GATE,
        says="verdict",
        twin=MOVED,
    ),
    Attempt(
        "a move with a verdict that was made up",
        """insert into verdict (id, version_id, to_stage, outcome, body, snapshot_id)
           values ('33333333-3333-3333-3333-333333333333', %(signed)s, 'inference', 'passed', '{}', %(snapshot)s);
"""
        + MOVE
        + "%(signed)s, 'inference', %(ada)s, '33333333-3333-3333-3333-333333333333', '')",
        GATE,
        says="verdict",
    ),
    Attempt(
        "a move that says where from",
        MOVE.replace("comment)", "comment, from_stage)") + "%(signed)s, 'inference', %(ada)s, %(yes)s, '', 'training')",
    ),
    Attempt(
        "a move that is called ordinary",
        MOVE.replace("comment)", "comment, kind)") + "%(signed)s, 'inference', %(ada)s, %(yes)s, '', 'ordinary')",
    ),
    Attempt(
        "a move that lasts for ever",
        MOVE.replace("comment)", "comment, expires_at)") + "%(signed)s, 'inference', %(ada)s, %(yes)s, '', 'infinity')",
    ),
    Attempt("a move by nobody", MOVE + "%(signed)s, 'inference', null, %(yes)s, '')", "23502"),
    Attempt("the worker moves", MOVED, role="assay_worker", twin=MOVED, twin_role="assay_app"),
    Attempt("the notary moves", MOVED, role="assay_notary"),
    Attempt("the auditor moves", MOVED, READ_ONLY, role="assay_auditor", twin="select count(*) from transition"),
    Attempt("the auditor allows itself to write", "set transaction read write;\n" + MOVED, role="assay_auditor"),
    Attempt(
        "the files are exchanged",
        ("update model_version set artifact_id = %(artifact)s where id = %(ready)s"),
        GATE,
        says="never exchanged",
    ),
    Attempt(
        "the files are taken away",
        ("update model_version set artifact_id = null where id = %(ready)s"),
        GATE,
        says="never exchanged",
    ),
    Attempt(
        "the files' digest is named", ("update model_version set root_digest = repeat('0', 64) where id = %(ready)s")
    ),
    Attempt(
        "an edge is added",
        (
            "insert into stage_edge (from_stage, to_stage, guarded, needs_artifact) values "
            "('scoping', 'inference', false, false)"
        ),
    ),
    Attempt("the guard is taken off an edge", "update stage_edge set guarded = false"),
    Attempt("an edge is deleted", "delete from stage_edge"),
]


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda attempt: attempt.name)
def test_the_database_refuses(target: Target, attempt: Attempt) -> None:
    refused(target, attempt)
