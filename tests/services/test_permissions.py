"""Who may do what: every verb by every person of the cast. A refusal changes nothing and stands in the log."""

import pytest

from registry.exceptions import NotPermitted
from registry.models import AuditEvent
from tests.models.scene import Scene, scene, staged
from tests.services.verbs import VERBS, Verb

__all__ = ["scene", "staged"]
NAMES = ("ada", "grace", "alan", "mary", "eve", "joan", "olga", "pipeline")


def title(verb: Verb) -> str:
    return f"{verb.name} by {', '.join(sorted(verb.may))}"


def latest() -> int:
    newest = AuditEvent.objects.order_by("-id").first()
    return newest.pk if newest else 0


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("verb", VERBS, ids=title)
def test_a_verb_is_open_to_some_and_shut_to_the_rest(scene: Scene, verb: Verb, name: str) -> None:
    person = scene.cast.everybody()[name]
    before = latest()
    if name in verb.may:
        verb.use(scene, person)
        events = AuditEvent.objects.filter(id__gt=before, verb=verb.recorded, actor=person)
        assert events.count() == 1
        return
    with pytest.raises(NotPermitted):
        verb.use(scene, person)
    told = AuditEvent.objects.filter(id__gt=before, actor=person)
    assert told.filter(verb=f"{verb.name}.refused").count() == 1
    assert not told.filter(verb=verb.recorded).exists()


def test_every_event_belongs_to_the_transaction_of_its_change(scene: Scene) -> None:
    with_xid = AuditEvent.objects.exclude(xid=0)
    assert with_xid.count() == AuditEvent.objects.count() > 20
    assert AuditEvent.objects.filter(team=None).exclude(verb="person.reauthenticated").count() <= 1


def test_a_person_who_left_may_do_nothing(scene: Scene) -> None:
    scene.cast.lending.memberships.filter(person=scene.cast.ada).update(ended_at=scene.version.registered_at)
    for verb in VERBS[:5]:
        with pytest.raises(NotPermitted):
            verb.use(scene, scene.cast.ada)


def test_a_person_whose_account_is_closed_may_do_nothing(scene: Scene) -> None:
    scene.cast.ada.is_active = False
    for verb in VERBS[:5]:
        with pytest.raises(NotPermitted):
            verb.use(scene, scene.cast.ada)
