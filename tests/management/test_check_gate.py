"""A judge that was replaced, switched off or loosened is noticed before anything is served from it."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from registry.management.invariants.gate import drift, found
from tests.databases import speaking_as


@pytest.mark.parametrize("role", ["assay_app", "assay_auditor", "assay_worker", "assay_notary"])
def test_every_login_finds_the_committed_gate(committed_db: Any, role: str) -> None:
    with speaking_as(role):
        assert list(drift()) == []
        out = StringIO()
        call_command("check_gate", stdout=out)
    assert "is the committed one" in out.getvalue()


def test_every_governing_trigger_always_fires(superuser: Any) -> None:
    never = superuser.execute(
        """select t.tgname from pg_trigger t join pg_class c on c.oid = t.tgrelid
            where c.relnamespace = 'assay'::regnamespace and not t.tgisinternal and t.tgenabled <> 'A'"""
    ).fetchall()
    assert never == []
    assert len(found()["triggers"]) > 60


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ("drop trigger zz_judge on assay.transition", "transition.zz_judge"),
        ("alter table assay.transition disable trigger zz_judge", "transition.zz_judge"),
        ("alter table assay.measurement enable trigger mm_measurement", "measurement.mm_measurement"),
        ("alter table assay.audit_event enable replica trigger aa_no_change", "audit_event.aa_no_change"),
        ("alter table assay.sign_off disable trigger all", "sign_off.mm_sign"),
        ("alter trigger zz_judge on assay.transition rename to aa_judge", "transition.aa_judge"),
        ("alter function assay.judge_transition() set search_path = public", "judge_transition"),
        ("alter function assay.judge_transition() security invoker", "judge_transition"),
        (
            """create or replace function assay.may_sign(p_person bigint, p_version uuid) returns boolean language sql
               stable set search_path = assay, pg_temp as 'select true'""",
            "may_sign",
        ),
        (
            """create function assay.let_in() returns trigger language plpgsql as 'begin return new; end';
               create trigger zzz_later before insert on assay.transition for each row execute function assay.let_in();
               alter table assay.transition enable always trigger zzz_later""",
            "transition.zzz_later is nobody's",
        ),
        (
            """create or replace function assay.refuse_change() returns trigger language plpgsql as
               'begin return coalesce(new, old); end'""",
            "refuse_change",
        ),
    ],
)
def test_a_gate_that_was_tampered_with_is_found(superuser: Any, change: str, names: str) -> None:
    superuser.execute(change)
    assert any(names in problem for problem in drift())
    with pytest.raises(CommandError, match="nothing may be served"):
        call_command("check_gate", stderr=StringIO())
