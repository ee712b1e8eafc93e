"""What the database writes itself, though it is asked for something else by a login that no right holds back."""

import pytest

from tests.models.attack import Kept, Target, kept, target
from tests.models.statements import ANSWER, GRANTED, SIGNED, WAIVE, WAIVED
from tests.models.written import (
    APPROVED,
    NEWEST,
    SIGNED_AGAIN,
    forced,
    past,
    said,
    shown,
    then,
    walked,
)

__all__ = ["target"]

TOUCHED = "create temporary table before as select id, evidence_rev, touched, stage, standing from model_version"
ALONE = """ and not exists (select from model_version v join before b using (id) where v.id <> {}
    and (v.evidence_rev, v.touched, v.stage, v.standing)
        is distinct from (b.evidence_rev, b.touched, b.stage, b.standing))"""
CHANGED = "(select v.evidence_rev - b.evidence_rev = {} and v.touched - b.touched = {} from model_version v"
CHANGED += " join before b using (id) where v.id = {})"


def as_asked(statement: str, **columns: str) -> str:
    """The same insert with more columns."""
    head, _, values = statement.rpartition(" values ")
    head = f"{head.rstrip()[:-1]}, {', '.join(columns)})"
    return f"{head} values {values[:-1]}, {', '.join(columns.values())})"


def moved(version: str, says: str) -> str:
    """The newest move of a version, the version, and what they say together."""
    return f"""select {says} from transition t join model_version v on v.id = t.version_id join before b on b.id = v.id
                where v.id = {version} and t.from_stage = b.stage and t.evidence_rev = b.evidence_rev
                  and v.evidence_rev = b.evidence_rev + 1 and t.at between now() and clock_timestamp()
                  and not exists (select from model_version o join before p using (id) where o.id <> v.id and
                    (o.evidence_rev, o.stage, o.standing) is distinct from (p.evidence_rev, p.stage, p.standing))"""


ANSWERED = """ and (select count(*) from attestation a where a.version_id = v.id and a.passed and a.stage = t.to_stage
  and a.transition_id = t.id and a.verdict_id = t.verdict_id and a.expires_at = t.expires_at and a.seq > 0
  and a.root_digest = v.root_digest and a.created_at between now() and clock_timestamp() and a.signed_at is null) = 1"""
UNANSWERED = (
    " and not exists (select from attestation a where a.version_id = v.id and (a.passed or a.stage = t.to_stage))"
)
A_YEAR = "t.expires_at between now() + interval '365 days' and clock_timestamp() + interval '365 days'"
WAIVED_TWICE = then(
    past("measurement", "update measurement set low = 0.1 where version_id = %(signed)s"),
    past(
        "document_revision",
        """update document_revision set answered = 0
            where document_id = (select id from document where model_version_id = %(signed)s)""",
    ),
    """insert into waiver (id, version_id, to_stage, requirement, found, reason, requested_by_id, expires_at)
       select gen_random_uuid(), %(signed)s, 'inference', u.requirement, u.found, 'x', %(ada)s, now() + case
         when u.requirement like 'threshold%%' then interval '20 hours' else interval '10 hours' end
       from unmet(%(signed)s, 'inference') u""",
    """with proof as (insert into reauthentication (person_id, method, nonce)
         select p.id, 'password', w.id::text || p.id from waiver w, person p
          where w.version_id = %(signed)s and p.id in (%(grace)s, %(alan)s) returning id, person_id, nonce)
       insert into waiver_grant (waiver_id, version_id, granted_by_id, reauthentication_id)
       select w.id, w.version_id, r.person_id, r.id from proof r
         join waiver w on r.nonce = w.id::text || r.person_id""",
    SIGNED_AGAIN,
    shown("%(signed)s"),
    said(
        snapshot_id=NEWEST,
        body="""jsonb_build_object('waived', (select jsonb_agg(requirement order by requirement desc)
                  from waiver where version_id = %(signed)s))""",
    ),
)
STAMPS = [
    Kept(
        "a signature",
        then(TOUCHED, as_asked(SIGNED, signed_at="'2000-01-01'", seq="-1")),
        "select s.seq > 0 and s.signed_at between now() and clock_timestamp() and "
        + CHANGED.format(0, 1, "%(ready)s")
        + ALONE.format("%(ready)s")
        + " from sign_off s where s.version_id = %(ready)s",
    ),
    Kept(
        "a withdrawal",
        then(
            TOUCHED,
            """insert into sign_off_withdrawal (sign_off_id, version_id, withdrawn_by_id, reason, withdrawn_at)
               values (%(sign_off)s, %(signed)s, %(grace)s, 'x', '2000-01-01')""",
        ),
        "select s.withdrawn_at between now() and clock_timestamp() and "
        + CHANGED.format(0, 1, "%(signed)s")
        + ALONE.format("%(signed)s")
        + " from sign_off_withdrawal s",
    ),
    Kept(
        "a waiver, and its asker is an author",
        then(TOUCHED, as_asked(WAIVED.replace("%(ada)s", "%(grace)s"), requested_at="'2000-01-01'")),
        "select w.requested_at between now() and clock_timestamp() and "
        + CHANGED.format(1, 0, "%(ready)s")
        + ALONE.format("%(ready)s")
        + """ and exists (select from authorship where version_id = %(ready)s and person_id = %(grace)s
                and why = 'asked for a waiver') from waiver w""",
    ),
    *(
        Kept(
            f"a waiver of a finding of the kind {kind}",
            WAIVE + f"'{kind}:1', '1', 'x', now() + interval '1 hour', %(ada)s)",
            "select count(*) = 1 from waiver",
        )
        for kind in ("threshold", "evaluation", "document", "risk", "treatment")
    ),
    Kept(
        "a grant of the second waiver there is",
        then(
            WAIVED.replace("22222222", "11111111").replace("%(ready)s", "%(signed)s").replace("%(ada)s", "%(mary)s"),
            WAIVED,
            TOUCHED,
            as_asked(GRANTED, granted_at="'2000-01-01'"),
        ),
        "select g.granted_at between now() and clock_timestamp() and "
        + CHANGED.format(1, 0, "%(ready)s")
        + ALONE.format("%(ready)s")
        + " from waiver_grant g",
    ),
    Kept(
        "an answer",
        as_asked(
            ANSWER + ") values ('55555555-5555-5555-5555-555555555555', %(ready)s, 'inference', %(no)s)",
            root_digest="'x'",
            seq="-1",
            created_at="'2000-01-01'",
        ),
        """select a.seq > 0 and a.root_digest = v.root_digest and a.created_at between now() and clock_timestamp()
                  and not a.passed and a.signed_at is null
             from attestation a join model_version v on v.id = a.version_id where a.id::text like '5555%%'""",
    ),
    Kept(
        "an answer's signature",
        then(
            ANSWER + ") values ('55555555-5555-5555-5555-555555555555', %(ready)s, 'inference', %(no)s)",
            "update attestation set envelope = 'x', signed_at = '2000-01-01' where id::text like '5555%%'",
        ),
        """select a.signed_at between now() and clock_timestamp() and a.envelope = 'x'
             from attestation a where a.id::text like '5555%%'""",
    ),
]
MOVES = [
    Kept(
        "a move under a policy that speaks of two stages",
        then(
            past(
                "stage_rule",
                """insert into stage_rule (revision_id, to_stage, block_from, validity)
                   values (%(revision)s, 'data', '', interval '1 day')""",
            ),
            TOUCHED,
            APPROVED,
        ),
        moved("%(signed)s", A_YEAR),
    ),
    Kept(
        "a move along the guarded edge",
        then(TOUCHED, APPROVED),
        moved(
            "%(signed)s",
            f"t.kind = 'ordinary' and {A_YEAR} and v.stage = 'inference' and v.standing = 'good'" + ANSWERED,
        ),
    ),
    *(
        Kept(
            f"a move from {start} along an edge without a guard to {stage}",
            then(past("model_version", f"update model_version set stage = '{start}' where id = %(early)s"), TOUCHED)
            + ";\n"
            + walked("%(early)s", stage),
            moved(
                "%(early)s",
                f"t.kind = 'ordinary' and t.expires_at is null and v.stage = '{stage}' and v.standing = '{standing}'"
                + UNANSWERED,
            ),
        )
        for start, stage, standing in (
            ("scoping", "data", "good"),
            ("data", "preprocessing", "good"),
            ("preprocessing", "training", "good"),
            ("scoping", "retired", "withdrawn"),
            ("training", "retired", "withdrawn"),
            ("inference", "retired", "withdrawn"),
        )
    ),
    Kept(
        "a move that rests on two waivers lasts as long as the shorter",
        then(WAIVED_TWICE, TOUCHED, forced("%(signed)s", "inference")),
        moved("%(signed)s", "t.kind = 'waived' and t.expires_at = now() + interval '10 hours'" + ANSWERED),
    ),
    Kept(
        "a renewal brings back what was suspended",
        then(
            past("model_version", "update model_version set stage = 'inference' where id = %(signed)s"),
            "insert into risk_assessment (version_id, stage, opened_by_id) values (%(signed)s, 'inference', %(ada)s)",
            SIGNED_AGAIN,
            past("model_version", "update model_version set standing = 'suspended' where id = %(signed)s"),
            TOUCHED,
            walked("%(signed)s", "inference"),
        ),
        moved(
            "%(signed)s",
            f"t.kind = 'ordinary' and {A_YEAR} and v.stage = 'inference' and v.standing = 'good'" + ANSWERED,
        ),
    ),
]


CASES = [*STAMPS, *MOVES]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_database_says_itself(target: Target, case: Kept) -> None:
    kept(target, case)
