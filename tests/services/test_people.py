"""Roles and expertise end, and with them what they were good for."""

import pytest

from registry import policies
from registry.exceptions import NotNow
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


def test_a_team_keeps_one_administrator(cast: Cast) -> None:
    last = cast.lending.memberships.get(person=cast.joan)
    with pytest.raises(NotNow, match="without an administrator"):
        people.end_membership(last, by=cast.joan)
    people.add_member(cast.lending, person=cast.olga, role="administrator", by=cast.joan)
    people.end_membership(last, by=cast.joan)
    assert not policies.may_administer(cast.joan, cast.lending)
