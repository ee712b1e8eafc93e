"""Roles and expertise end, and with them what they were good for."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from registry import policies
from registry.exceptions import NotNow
from registry.models.gate_inputs import database_now
from registry.services import people, verdicts
from tests import make
from tests.models.scene import Scene, scene, staged
from tests.people import Cast

__all__ = ["scene", "staged"]


def test_a_signature_no_longer_counts_once_its_signers_expertise_has_ended(scene: Scene) -> None:
    cast = scene.cast
    make.signed(scene.version, by=cast.grace, expertise="fairness")
    signed = {item.id for item in verdicts.review(scene.version, to_stage="inference").decision.unmet}
    people.end_expertise(cast.lending.expertise.get(person=cast.grace), by=cast.joan)
    after = {item.id for item in verdicts.review(scene.version, to_stage="inference").decision.unmet}
    assert after - signed
    assert all(name.startswith("sign_off:") for name in after - signed)


def test_what_has_ended_does_not_end_again(cast: Cast) -> None:
    role = cast.lending.memberships.get(person=cast.mary)
    people.end_membership(role, by=cast.joan)
    assert not policies.may_see(cast.mary, cast.lending)
    with pytest.raises(NotNow, match="ended already"):
        people.end_membership(role, by=cast.joan)


@pytest.mark.parametrize("kind", ["memberships", "expertise"])
def test_when_something_ended_is_the_databases_word_and_is_never_taken_back(cast: Cast, kind: str) -> None:
    rows = getattr(cast.lending, kind).filter(person=cast.grace)
    before = database_now()
    rows.update(ended_at=before - timedelta(days=30))
    (ended,) = rows.values_list("ended_at", flat=True)
    assert before < ended < database_now()
    for undone in (None, before - timedelta(days=30)):
        with pytest.raises(IntegrityError, match="what has ended stays ended"), transaction.atomic():
            rows.update(ended_at=undone)
    assert rows.get().ended_at == ended


def test_a_team_keeps_one_administrator(cast: Cast) -> None:
    last = cast.lending.memberships.get(person=cast.joan)
    with pytest.raises(NotNow, match="without an administrator"):
        people.end_membership(last, by=cast.joan)
    people.add_member(cast.lending, person=cast.olga, role="administrator", by=cast.joan)
    people.end_membership(last, by=cast.joan)
    assert not policies.may_administer(cast.joan, cast.lending)
