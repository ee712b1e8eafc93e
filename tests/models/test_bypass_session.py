"""Tricks with session settings, catalogs and schemas: no role becomes more than it is, no trigger looks away."""

import pytest

from registry.management.embedded.postgres import SUPERUSER
from tests.models.attack import DENIED, GATE, Attempt, Target, refused, target
from tests.models.statements import MOVE, MOVED

__all__ = ["target"]
UNSIGNED = MOVE + "%(ready)s, 'inference', %(ada)s, %(no)s, '')"

BECOMING = [
    "set role assay_owner",
    "set role assay_migrator",
    "set role postgres",
    "set session authorization assay_owner",
    "set session authorization assay_worker",
    "alter role assay_app superuser",
    "grant assay_owner to assay_app",
    "create role somebody superuser",
    "set session_replication_role = replica",
    "set local session_replication_role = 'replica'",
]
CHANGING = [
    "alter table transition disable trigger all",
    "alter table transition disable trigger zz_judge",
    "alter table measurement disable trigger user",
    "drop trigger zz_judge on transition",
    "alter trigger zz_judge on transition rename to aa_judge",
    "alter table transition enable replica trigger zz_judge",
    "alter table measurement drop constraint a_measurement_is_finite",
    "alter table model_version alter column stage set default 'inference'",
    "alter table transition owner to assay_app",
    "drop table stage_edge cascade",
    "drop schema assay cascade",
    "create rule r as on insert to transition do instead nothing",
    "create policy p on transition using (true)",
    "create function assay.may_sign(bigint, uuid) returns boolean language sql as 'select true'",
    "create or replace function may_sign(p bigint, v uuid) returns boolean language sql as 'select true'",
    "create function public.unmet(uuid, text) returns boolean language sql as 'select true'",
    "alter function unmet(uuid, text) set search_path = public",
    "drop function unmet(uuid, text)",
    "create schema evil",
    "create view assay.v as select 1",
    "grant update (stage) on model_version to assay_app;\nupdate model_version set stage = 'inference'",
    "grant select on governed to assay_app",
    "update pg_catalog.pg_trigger set tgenabled = 'D'",
    "update pg_catalog.pg_class set relhastriggers = false",
    "update pg_catalog.pg_proc set prosrc = 'select true' where proname = 'may_sign'",
    "delete from pg_catalog.pg_constraint",
    "alter database postgres set search_path = public",
    "copy model_version to program 'cat'",
    "copy model_version from '/etc/passwd'",
    "select pg_read_file('/etc/passwd')",
    "select lo_import('/etc/passwd')",
]
SHADOWS = [
    "create temp table stage_edge (from_stage text, to_stage text, guarded boolean)",
    "create temporary table unmet (requirement text)",
    "create temp view stage_edge as select 1",
    "create table pg_temp.stage_edge (i int)",
    "select 1 into temp stage_edge",
]
CALLED = [
    "select * from unmet(%(ready)s, 'inference')",
    "select bump(%(ready)s)",
    "select bump_all(array[%(ready)s]::uuid[])",
    "select add_author(%(ready)s, %(grace)s, 'x')",
    "select may_sign(%(grace)s, %(ready)s)",
    "select active_revision(%(project)s)",
    "select judge_transition()",
]


@pytest.mark.parametrize("statement", [*BECOMING, *CHANGING, *SHADOWS, *CALLED])
def test_the_app_may_not(target: Target, statement: str) -> None:
    if "public" in statement and "function" in statement:
        statement = "create schema if not exists public;\n" + statement
    refused(target, Attempt(statement, statement, DENIED))


@pytest.mark.parametrize("role", ["assay_worker", "assay_notary"])
@pytest.mark.parametrize("statement", [*BECOMING[:4], *CHANGING[:6], *SHADOWS, *CALLED[1:4]])
def test_the_narrower_logins_may_not_either(target: Target, role: str, statement: str) -> None:
    refused(target, Attempt(statement, statement, DENIED, role=role))


@pytest.mark.parametrize(
    "setting",
    [
        "set search_path = pg_temp, public, assay",
        "set search_path = pg_catalog, assay",
        "set local search_path = 'assay', 'pg_temp'",
        "set pgtrigger.ignore = '{assay.transition:zz_judge}'",
        "set local assay.actor = 'joan'",
        "set row_security = off",
        "set constraints all deferred",
        "set check_function_bodies = off",
        "set plpgsql.variable_conflict = use_column",
        "set default_transaction_deferrable = on",
        "set timezone = 'Pacific/Kiritimati'",
        "set datestyle = 'SQL, DMY'",
        "set extra_float_digits = -15",
        "set standard_conforming_strings = off",
        "reset session authorization",
        "reset role",
        "set role none",
        "set statement_timeout = 0",
        "set transaction isolation level serializable",
        "set transaction isolation level repeatable read",
    ],
)
def test_no_setting_opens_the_gate_and_none_shuts_it(target: Target, setting: str) -> None:
    refused(target, Attempt(setting, f"{setting};\n{UNSIGNED}", GATE, says="sign_off:", twin=f"{setting};\n{MOVED}"))


def test_a_block_of_code_opens_no_gate(target: Target) -> None:
    block = """do $x$ begin execute 'update model_version set stage = ''inference'''; end $x$"""
    refused(target, Attempt("a block", block, DENIED))


def test_a_refusal_that_is_caught_leaves_nothing_behind(target: Target) -> None:
    before = target.stages()
    with target.login("assay_app") as connection:
        connection.execute(
            f"""do $x$ begin
                  begin {_literal(UNSIGNED, target)}; exception when check_violation then null; end;
                end $x$"""
        )
        assert connection.execute("select count(*) from transition where to_stage = 'inference'").fetchone() == (0,)
    assert target.stages() == before


def _literal(statement: str, target: Target) -> str:
    return statement % {name: f"'{value}'" for name, value in target.facts.items()}


def test_nobody_but_the_database_may_make_temporary_tables(target: Target) -> None:
    with target.login(SUPERUSER) as connection:
        rights = connection.execute(
            """select r.rolname from pg_roles r where r.rolname like 'assay%%' and r.rolname <> 'assay_owner'
                  and has_database_privilege(r.rolname, current_database(), 'temp')"""
        ).fetchall()
    assert rights == []


def test_every_function_that_acts_for_the_owner_has_a_path_that_nobody_can_shadow(target: Target) -> None:
    with target.login(SUPERUSER) as connection:
        loose = connection.execute(
            """select p.proname from pg_proc p join pg_roles r on r.oid = p.proowner
                where p.pronamespace = 'assay'::regnamespace and p.prosecdef
                  and (p.proconfig is distinct from '{"search_path=assay, pg_temp"}' or r.rolcanlogin or r.rolsuper)"""
        ).fetchall()
        callable_by_all = connection.execute(
            """select p.proname from pg_proc p where p.pronamespace = 'assay'::regnamespace
                  and has_function_privilege('assay_app', p.oid, 'execute')"""
        ).fetchall()
    assert (loose, callable_by_all) == ([], [])
