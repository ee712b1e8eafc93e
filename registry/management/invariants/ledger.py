"""N2, N3 and N4: changes have events, runs have one result, stages follow from moves. Each is a SELECT without rows."""

from collections.abc import Iterator

from django.apps import apps

from registry.management.invariants.reading import rows

# A verb writes its event beside its rows, in one transaction. Every table is looked at but these, each for its reason.
APART = {
    "audit_event": "it is the events",
    "stage_edge": "only a migration writes it",
    "idempotency_record": "it keeps what a door answered, to answer it again",
    "person": "every login is noted on it; memberships say what a person may do",
    "token": "its last use is noted on it",
    "evaluation": "a worker notes its progress on it; N3 looks at what became of it",
    "attestation": "the notary adds its signature later; L2 looks at what it signs",
    "verdict": "it is what a move or an answer rests on, and changes nothing by itself",
    "evidence_snapshot": "it is what a verdict or a signature rests on, and changes nothing by itself",
    "policy": "it is a name for its revisions, which are looked at",
}
# A row bears the id of the transaction, or savepoint, that wrote it last; so does an event, which also keeps the id of
# the whole transaction. These ids are gathered once; what is left of a table bears none of them.
TOLD = """with told as materialized (
  select xmin as id from audit_event union select xid::text::xid8::xid from audit_event)"""
UNTOLD = """select '{table}' as name, coalesce(to_jsonb(t) ->> 'id', t.ctid::text) as id from {table} t
            where not exists (select from told where told.id = t.xmin)"""
# What gives power, or moves a version, is asked for by name too: another event in its transaction will not do.
N2 = {
    "a role that nobody gave": """
        select m.id::text as id from membership m where not exists (
          select from audit_event e where e.subject_kind = 'membership' and e.subject_id = m.id::text
             and e.verb = 'membership.granted')
           and not exists (
          select from audit_event e where e.subject_kind = 'team' and e.subject_id = m.team_id::text
             and e.verb = 'team.created' and e.actor_id = m.person_id and m.granted_by_id is null)""",
    "a role that ended, or runs again, in silence": """
        select m.id::text as id from membership m where (m.ended_at is not null) <> exists (
          select from audit_event e where e.subject_kind = 'membership' and e.subject_id = m.id::text
             and e.verb = 'membership.ended')""",
    "an expertise that nobody gave": """
        select r.id::text as id from reviewer_expertise r where not exists (
          select from audit_event e where e.subject_kind = 'reviewerexpertise' and e.subject_id = r.id::text
             and e.verb = 'expertise.granted')""",
    "an expertise that ended, or runs again, in silence": """
        select r.id::text as id from reviewer_expertise r where (r.ended_at is not null) <> exists (
          select from audit_event e where e.subject_kind = 'reviewerexpertise' and e.subject_id = r.id::text
             and e.verb = 'expertise.ended')""",
    "a lineage edge that its child was not registered with": """
        select l.id::text as id from lineage_edge l where not exists (
          select from audit_event e where e.subject_id = coalesce(l.child_model_id, l.child_dataset_id)::text
             and (e.subject_kind, e.verb) in (('modelversion', 'model_version.registered'),
                                              ('datasetversion', 'dataset_version.registered'))
             and e.xmin = l.xmin)""",
    "a move that no event tells of": """
        select t.id::text as id from transition t where not exists (
          select from audit_event e
           where e.subject_kind = 'modelversion' and e.subject_id = t.version_id::text
             and e.verb = 'model_version.transitioned'
             and e.body::jsonb #>> '{detail,verdict}' = t.verdict_id::text)""",
}
N3 = {
    "a measurement of an attempt that did not win, or of a run that is not done": """
        select m.id::text as id from measurement m join evaluation e on e.id = m.evaluation_id
         where e.state <> 'done' or m.attempt <> e.attempt or m.version_id <> e.version_id""",
    "a run that is done without a measurement": """
        select e.id::text as id from evaluation e where e.state = 'done'
           and not exists (select from measurement m where m.evaluation_id = e.id)""",
    "two live runs of one key": """
        select key as id from evaluation where state in ('queued', 'running', 'cancelling')
         group by key having count(*) > 1""",
    "a run whose lease ended over two minutes ago": """
        select id::text as id from evaluation where state in ('running', 'cancelling')
           and lease_until < clock_timestamp() - interval '2 minutes'""",
}
N4 = {
    "a stage that is not where the last move led": """
        select v.id::text as id from model_version v left join lateral (
          select t.to_stage from transition t where t.version_id = v.id order by t.at desc limit 1) t on true
         where v.stage <> coalesce(t.to_stage, 'scoping')""",
    "a move that does not begin where the one before ended": """
        select id::text as id from (
          select t.*, coalesce(lag(t.to_stage) over (partition by t.version_id order by t.at), 'scoping') as before
            from transition t) t
         where t.from_stage <> t.before""",
    "a move along no edge": """
        select t.id::text as id from transition t where not exists (
          select from stage_edge e where e.from_stage = t.from_stage and e.to_stage = t.to_stage)""",
    "a move without its whole verdict": """
        select t.id::text as id from transition t join verdict d on d.id = t.verdict_id
          join evidence_snapshot s on s.id = d.snapshot_id
         where d.version_id <> t.version_id or d.to_stage <> t.to_stage or d.outcome <> 'passed'
            or s.evidence_rev <> t.evidence_rev or d.body ->> 'to_stage' is distinct from t.to_stage
            or jsonb_typeof(d.body -> 'requirements') is distinct from 'array'""",
}


def governed() -> list[str]:
    """Every table of the registry whose changes an event tells of; a new one is among them from its first day."""
    tables = {model._meta.db_table for model in apps.get_app_config("registry").get_models()}
    return sorted(tables - set(APART))


def changes_without_events() -> Iterator[str]:
    """N2: rows whose transaction wrote no event, and what no event names though it must."""
    untold = " union all ".join(UNTOLD.format(table=table) for table in governed())
    yield from (f"{row['name']} {row['id']} changed without an event" for row in rows(f"{TOLD} {untold}"))
    yield from _violations(N2)


def broken_runs() -> Iterator[str]:
    """N3."""
    yield from _violations(N3)


def broken_moves() -> Iterator[str]:
    """N4."""
    yield from _violations(N4)


def _violations(checks: dict[str, str]) -> Iterator[str]:
    for what, statement in checks.items():
        yield from (f"{what}: {row['id']}" for row in rows(statement))
