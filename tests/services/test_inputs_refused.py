"""What a verb refuses to take in: another team's service account, and intervals of another level than was asked for."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from registry.exceptions import InvalidInput
from registry.models import Measurement, Token
from registry.services import evaluations, lifecycle, people, verdicts
from registry.web.forms.lifecycle import WaiverForm
from tests import make
from tests.models.scene import Scene, scene, staged
from tests.people import Cast

__all__ = ["scene", "staged"]


def test_a_token_acts_as_no_other_teams_service_account(cast: Cast) -> None:
    before = Token.objects.count()
    with pytest.raises(InvalidInput) as refusal:
        people.create_token(
            cast.marketing, name="borrowed", acts_as=cast.pipeline, scopes=["verdict:read"], by=cast.olga
        )
    assert refusal.value.errors == {"acts_as": ["it has no role in this team"]}
    assert Token.objects.count() == before


def test_a_reading_of_another_level_than_was_asked_for_is_not_kept(cast: Cast) -> None:
    version = make.model_version(cast)
    with pytest.raises(InvalidInput) as refusal:
        evaluations.report_readings(
            version, evaluator="fairness.group", readings=[make.reading(level=0.5)], level=0.95, by=cast.ada
        )
    assert refusal.value.errors == {"readings.0": ["level is not 0.95, which was asked for"]}
    assert not Measurement.objects.filter(version=version).exists()


def test_a_slice_that_no_row_could_hold_is_refused_with_its_length(cast: Cast) -> None:
    version = make.model_version(cast)
    long = make.reading(slice="overall", detail={"excluded": [{"group": "g" * 201}]})
    with pytest.raises(InvalidInput) as refusal:
        evaluations.report_readings(version, evaluator="fairness.group", readings=[long], by=cast.ada)
    assert "has 201 characters" in refusal.value.errors["readings.0"][0]


@pytest.mark.parametrize(
    ("reads", "place"),
    [
        ({"columns": {"grop": "race"}}, "columns.grop"),
        ({"favourable": {"is": 1}}, "favourable"),
        ({"score_kind": "percent"}, "score_kind"),
    ],
)
def test_a_policy_that_reads_what_no_run_could_read_is_refused_where_it_is_written(
    cast: Cast, reads: dict[str, Any], place: str
) -> None:
    (fairness,) = make.a_policy()["stages"][make.INFERENCE]["evaluations"]
    with pytest.raises(InvalidInput) as refusal:
        make.policy_revision(cast, body=make.a_policy(evaluations=[fairness | {"reads": reads}]))
    assert list(refusal.value.errors) == [f"stages.inference.evaluations.0.reads.{place}"]


def test_two_limits_on_the_same_thing_are_named_and_no_other_request_is_blamed(cast: Cast) -> None:
    (fairness,) = make.a_policy()["stages"][make.INFERENCE]["evaluations"]
    twice = fairness["thresholds"] * 2
    with pytest.raises(InvalidInput, match="two limits on the same metric") as refusal:
        make.policy_revision(cast, body=make.a_policy(evaluations=[fairness | {"thresholds": twice}]))
    assert list(refusal.value.errors) == ["stages.inference.evaluations.0.thresholds"]


def test_a_waiver_for_the_longest_time_is_taken_when_our_clock_is_ahead(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.measured(scene.version, by=scene.cast.ada, low=0.75, high=0.85)
    reviewed = verdicts.review(scene.version, to_stage="inference")
    finding = next(item for item in reviewed.decision.unmet if item.kind == "threshold")
    most = reviewed.revision.max_waiver_hours
    ahead = timezone.now() + timedelta(minutes=1)
    monkeypatch.setattr(timezone, "now", lambda: ahead)
    typed = {"finding": f"{finding.id} {finding.found}", "reason": "More rows arrive.", "hours": most}
    form = WaiverForm(data=typed, unmet=[finding], most_hours=most)
    assert form.is_valid(), form.errors
    lifecycle.request_waiver(
        scene.version,
        to_stage="inference",
        requirement=finding.id,
        found=finding.found,
        reason="More rows arrive.",
        expires_at=form.expires_at(),
        by=scene.cast.ada,
    )
    assert scene.version.waivers.count() == 1
