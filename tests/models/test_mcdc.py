"""Each clause of the guarded edge decides alone: all true, the version moves; one false, that requirement bars it.

Every case spoils one clause, before or after the signatures are given, and asks both judges.
"""

import pytest

from registry.models import ModelVersion, Transition
from tests.models.clauses import CASES, TRUE, Case
from tests.models.scene import Scene, by_database, by_python, scene, stage_of, staged

__all__ = ["scene", "staged"]


def play(case: Case, scene: Scene) -> ModelVersion:
    if case.rules:
        scene.rules(**case.rules)
    if case.subject is not None:
        scene.version = case.subject(scene)
    if case.before is not None:
        case.before(scene)
    if case.signs:
        scene.sign()
    if case.after is not None:
        case.after(scene)
    scene.version.refresh_from_db()
    return scene.version


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_clause_alone_bars_the_way(scene: Scene, case: Case) -> None:
    version = play(case, scene)
    before = version.stage
    unmet = by_python(version)
    assert {name.partition(":")[0] for name in unmet} == {case.bars}
    assert len(unmet) == 1
    assert by_database(version) == unmet
    assert stage_of(version) == before


@pytest.mark.parametrize("case", TRUE, ids=lambda case: case.name)
def test_nothing_bars_a_version_that_has_it_all(scene: Scene, case: Case) -> None:
    version = play(case, scene)
    assert by_python(version) == by_database(version) == set()
    assert stage_of(version) == "inference"
    kind = "waived" if "waived" in case.name else "ordinary"
    assert Transition.objects.filter(version=version).latest("at").kind == kind
