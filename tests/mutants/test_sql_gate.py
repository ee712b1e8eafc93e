"""Every mutant of the database's judge is killed by the checks that judge it, or is equivalent for a reason given."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DatabaseError

from registry.management.embedded.postgres import SUPERUSER
from tests.databases import clone, reached, worker_name
from tests.models.attack import Target, target
from tests.models.scene import Scene, staged
from tests.mutants.equivalent_sql import SQL
from tests.mutants.instruments import KILLS, States, judge_attempts, judge_clauses, judge_kept, replaced
from tests.mutants.sql_gate import Mutant, mutants

__all__ = ["staged", "target"]
MUTANTS = list(mutants())
pytestmark = pytest.mark.mutants
# Functions that only answer; the others are triggers, which statements judge sooner.
ANSWERS = {"assurance_rank", "priority_rank", "may_sign", "unmet_evidence", "unmet_people", "unmet"}


@pytest.fixture(scope="module")
def states(cluster: Any, django_db_setup: None) -> Iterator[States]:
    with clone(cluster, f"assay_states_{worker_name()}") as access:
        made = States.drawn(access)
        yield made
        made.superuser.close()


def killed(mutant: Mutant, *, states: States, target: Target, staged: Scene) -> bool | None:
    """Whether some check fails; None where the changed text is refused by the database."""
    instruments = {
        "states": (states.superuser.info.dbname, states.judge),
        "kept": (target.access.database, lambda: judge_kept(target)),
        "attempts": (target.access.database, lambda: judge_attempts(target)),
        "clauses": (reached[-1].database, lambda: judge_clauses(staged)),
    }
    order = ("states", "clauses") if mutant.function in ANSWERS else ("kept", "attempts", "clauses")
    for name in order:
        database, judge = instruments[name]
        url = target.access.url(SUPERUSER).replace(target.access.database, database)
        with replaced(url, mutant.statement, mutant.function) as is_function:
            if not is_function:
                return None
            try:
                judge()
            except (*KILLS, DatabaseError):
                return True
    return False


def test_the_judge_as_it_stands_is_not_killed(states: States, target: Target, staged: Scene) -> None:
    states.judge()
    judge_kept(target)
    judge_attempts(target)
    judge_clauses(staged)


def test_every_equivalent_is_still_a_mutant() -> None:
    assert set(SQL) <= {mutant.name for mutant in MUTANTS}
    assert len(MUTANTS) > 500


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_is_killed(mutant: Mutant, states: States, target: Target, staged: Scene) -> None:
    said = killed(mutant, states=states, target=target, staged=staged)
    if said is None:
        pytest.skip("the database refuses the changed text")
    assert said is (mutant.name not in SQL)
