"""Statements by which one thing is written as it is wanted: a snapshot, a verdict, a move, a proof of some age."""

OPEN = "set search_path = assay, pg_temp"
NEWEST = "(select max(id) from evidence_snapshot)"
REV = "(select evidence_rev from model_version where id = {})"
ONE_VERDICT = "'33333333-3333-3333-3333-333333333333'"
ONE_MOVE = "'44444444-4444-4444-4444-444444444444'"
# Every column that a move's judge fills, asked for otherwise.
FORCED = """insert into transition (id, version_id, to_stage, moved_by_id, verdict_id, comment,
              from_stage, kind, evidence_rev, at, expires_at)
            values ({}, {}, '{}', %(ada)s, {}, '', 'elsewhere', 'of a kind', -1, '2000-01-01', 'infinity')"""


def then(*statements: str) -> str:
    return ";\n".join(statements)


def past(table: str, change: str) -> str:
    """A change that no verb makes, as superuser; the table's triggers fire again afterwards."""
    return then(
        "set constraints all immediate",
        f"alter table {table} disable trigger user",
        change,
        "set constraints all immediate",
        f"alter table {table} enable trigger user",
        "set constraints all deferred",
    )


def proofs_aged(seconds: int) -> str:
    change = f"update reauthentication set at = clock_timestamp() - interval '{seconds} seconds'"
    return then(OPEN, past("reauthentication", change))


def shown(version: str = "%(ready)s", *, stage: str = "inference", rev: str = "") -> str:
    """A snapshot of what somebody saw."""
    return f"""insert into evidence_snapshot (version_id, to_stage, evidence_rev, body, digest)
               values ({version}, '{stage}', {rev or REV.format(version)}, '{{}}', encode(sha256('{{}}'), 'hex'))"""


def shown_then(version: str, rev: str) -> str:
    """A snapshot as if of another revision, which nobody can take."""
    return then(OPEN, past("evidence_snapshot", shown(version, rev=rev)))


def said(**changes: str) -> str:
    """The verdict on which the signed version may move, with some columns changed."""
    same = ("version_id", "to_stage", "outcome", "body", "snapshot_id", "policy_revision_id")
    columns = ", ".join(changes.get(name, name) for name in same)
    return f"""insert into verdict (id, {", ".join(same)}) select {ONE_VERDICT}, {columns}
                 from verdict where id = %(yes)s"""


def forced(version: str, to_stage: str, *, verdict: str = ONE_VERDICT, move: str = ONE_MOVE) -> str:
    return FORCED.format(move, version, to_stage, verdict)


def walked(version: str, to_stage: str) -> str:
    """A move with the verdict that it needs."""
    verdict = said(version_id=version, to_stage=f"'{to_stage}'", snapshot_id=NEWEST)
    return then(shown(version, stage=to_stage), verdict, forced(version, to_stage, move="gen_random_uuid()"))


APPROVED = forced("%(signed)s", "inference", verdict="%(yes)s")
SIGNED_AGAIN = past("sign_off", f"update sign_off set evidence_rev = {REV.format('%(signed)s')}")
