"""When the database suspends a version whose approval ended, and when it asks the notary for a yes again."""

import pytest

from tests.models.attack import Kept, Target, kept, target
from tests.models.statements import ANSWER
from tests.models.written import APPROVED, NEWEST, ONE_VERDICT, past, said, shown, then, walked

__all__ = ["target"]

STANDING = "select standing = '{}' from model_version where id = %(signed)s"
OTHERS = "(select count(*) = 0 from model_version where id <> %(signed)s and standing <> 'good')"
SUSPEND = "select suspend_lapsed(%(signed)s)"
ENDED = "update transition set expires_at = clock_timestamp() {} interval '1 hour' where to_stage = 'inference'"
# Another version moves later, and its move never ends.
LAPSED = then(APPROVED, walked("%(early)s", "data"), past("transition", ENDED.format("-")))
LASTING = then(APPROVED, past("transition", ENDED.format("+")))


def stands(as_this: str) -> str:
    return past("model_version", f"update model_version set standing = '{as_this}' where id = %(signed)s")


RETIRED = past("model_version", "update model_version set stage = 'retired' where id = %(signed)s")
LAPSES = [
    Kept("its approval ended", then(LAPSED, SUSPEND), f"{STANDING.format('suspended')} and {OTHERS}"),
    Kept("that it was suspended is told", LAPSED, SUSPEND),
    Kept("its approval lasts", then(LASTING, SUSPEND), STANDING.format("good")),
    Kept("that it was not suspended is told", LASTING, "select not suspend_lapsed(%(signed)s)"),
    Kept("it was never approved", "select suspend_lapsed(%(ready)s)", "select not suspend_lapsed(%(ready)s)"),
    Kept("it is unknown", "select 1", "select not suspend_lapsed(gen_random_uuid())"),
    Kept("it is suspended once", then(LAPSED, SUSPEND), "select not suspend_lapsed(%(signed)s)"),
    Kept("it was withdrawn", then(LAPSED, stands("withdrawn"), SUSPEND), STANDING.format("withdrawn")),
    Kept("it is retired", then(LAPSED, RETIRED, SUSPEND), STANDING.format("good")),
]

NO = f"{ANSWER}) values (gen_random_uuid(), {{}}, '{{}}', {{}})"
# Newer answers, but about another version, and about another stage.
BESIDE = then(
    NO.format("%(ready)s", "inference", "%(no)s"),
    shown("%(signed)s", stage="retired"),
    said(to_stage="'retired'", snapshot_id=NEWEST),
    NO.format("%(signed)s", "retired", ONE_VERDICT),
)
RENEW = "select renew_attestations()"
NOTARY = "set session authorization assay_notary"
LIKE_THE_FIRST = """select count(*) = 2 and count(distinct (verdict_id, transition_id, expires_at, root_digest)) = 1
     and bool_and(passed) and count(envelope) = 1 and count(distinct seq) = 2 and max(created_at) >= now()
   from attestation where version_id = %(signed)s and stage = 'inference' and passed"""
ONE_YES = "select count(*) = 1 from attestation where version_id = %(signed)s and passed"


def aged(days: float, *, ends: str = "interval '100 days'", before: str = "", after: str = BESIDE) -> str:
    """A yes that was signed so many days ago and ends after the interval."""
    change = f"""update attestation set envelope = 'x', created_at = now() - interval '{days} days',
                   expires_at = now() + {ends} where passed"""
    return then(APPROVED, past("attestation", change), *filter(None, (after, before)), NOTARY)


UNSIGNED = past("attestation", "update attestation set envelope = null where passed")
RENEWALS = [
    Kept("a yes of three weeks", then(aged(20.5), RENEW), LIKE_THE_FIRST),
    Kept("how many were renewed is told", aged(20.5), "select renew_attestations() = 1"),
    Kept("that none was renewed is told", "select 1", "select renew_attestations() = 0"),
    Kept("a yes of less than three weeks", then(aged(19.5), RENEW), ONE_YES),
    Kept("a yes that soon ends", then(aged(20.5, ends="interval '9.5 days'"), RENEW), ONE_YES),
    Kept("a yes that ends after a while", then(aged(20.5, ends="interval '10.5 days'"), RENEW), LIKE_THE_FIRST),
    Kept(
        "a yes without end",
        then(aged(20.5, ends="null::interval"), RENEW),
        "select count(*) = 2 from attestation where version_id = %(signed)s and passed and expires_at is null",
    ),
    Kept("a yes that was renewed", then(aged(20.5), RENEW), "select renew_attestations() = 0"),
    Kept("a yes that nobody signed", then(aged(20.5, before=UNSIGNED), RENEW), ONE_YES),
    Kept("a yes of what is suspended", then(aged(20.5, before=stands("suspended")), RENEW), ONE_YES),
    Kept("a yes of what is retired", then(aged(20.5, before=RETIRED), RENEW), ONE_YES),
    Kept(
        "a yes behind a no, which is old as well",
        then(
            aged(
                20.5,
                after=then(
                    shown("%(signed)s"),
                    said(outcome="'undecided'", snapshot_id=NEWEST),
                    NO.format("%(signed)s", "inference", ONE_VERDICT),
                    past(
                        "attestation",
                        """update attestation set envelope = 'x', created_at = now() - interval '30 days'
                            where not passed""",
                    ),
                ),
            ),
            RENEW,
        ),
        ONE_YES,
    ),
]
CASES = [*LAPSES, *RENEWALS]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_database_keeps_to_its_times(target: Target, case: Kept) -> None:
    kept(target, case)
