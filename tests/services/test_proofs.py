"""A proof of presence is its person's own and serves once, whatever it serves for."""

import pytest

from registry.exceptions import NotPermitted
from registry.models import Reauthentication, Waiver, WaiverGrant
from registry.services import lifecycle
from tests import make
from tests.models.scene import Scene, scene, staged
from tests.services.verbs import a_waiver

__all__ = ["scene", "staged"]


def asked(scene: Scene) -> Waiver:
    waiver: Waiver = a_waiver(scene, scene.cast.ada)
    return waiver


def test_nobody_grants_a_waiver_with_anothers_proof(scene: Scene) -> None:
    with pytest.raises(NotPermitted, match="not yours, or served already"):
        lifecycle.grant_waiver(asked(scene), proof=make.proof(scene.cast.alan), by=scene.cast.grace)
    assert not WaiverGrant.objects.exists()


def test_a_proof_that_granted_a_waiver_grants_no_other(scene: Scene) -> None:
    grace = scene.cast.grace
    proof = lifecycle.grant_waiver(asked(scene), proof=make.proof(grace), by=grace).reauthentication
    other = asked(scene)
    with pytest.raises(NotPermitted, match="served already"):
        lifecycle.grant_waiver(other, proof=Reauthentication.objects.get(pk=proof.pk), by=grace)
    assert WaiverGrant.objects.count() == 1
