"""N2, N3 and N4: changes have events, runs have one result, stages follow from moves. Each is a SELECT without rows."""

from collections.abc import Iterator

from registry.management.invariants.reading import rows

# Rows that a verb writes beside its event. A savepoint gives rows an id of its own, to the event just the same.
WITH_EVENTS = (
    "artifact",
    "document_revision",
    "policy_activation",
    "policy_publication",
    "policy_revision",
    "reauthentication",
    "risk",
    "sign_off",
    "sign_off_withdrawal",
    "trust_need",
    "waiver",
    "waiver_grant",
)
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


def changes_without_events() -> Iterator[str]:
    """N2: rows whose transaction wrote no event."""
    for table in WITH_EVENTS:
        found = rows(
            f"""select id::text as id from {table} t where not exists (
                  select from audit_event e where e.xmin = t.xmin
                     or (e.xid & 4294967295) = t.xmin::text::bigint)"""  # noqa: S608 - a name of the list above
        )
        yield from (f"{table} {row['id']} changed without an event" for row in found)


def broken_runs() -> Iterator[str]:
    """N3."""
    yield from _violations(N3)


def broken_moves() -> Iterator[str]:
    """N4."""
    yield from _violations(N4)


def _violations(checks: dict[str, str]) -> Iterator[str]:
    for what, statement in checks.items():
        yield from (f"{what}: {row['id']}" for row in rows(statement))
