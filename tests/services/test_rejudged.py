"""A limit changes, and what was measured is judged anew: nothing is run again for it, and no model is asked."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from evaluators.catalog import summarise
from evaluators.contract import Subject
from evaluators.evaluate import evaluate
from registry.models import Evaluation, Measurement, ModelVersion, Project
from registry.services import runs, verdicts
from tests import make
from tests.databases import speaking_as
from tests.people import Cast

pytestmark = pytest.mark.django_db


def policy(limit: float) -> dict[str, Any]:
    body = make.a_policy()
    body["stages"]["inference"]["evaluations"][0]["thresholds"][0]["limit"] = limit
    return body


def outcome(version: ModelVersion) -> str:
    reviewed = verdicts.review(version, to_stage=make.INFERENCE)
    [item] = [item for item in reviewed.decision.requirements if item.kind == "threshold"]
    return str(item.outcome.value)


def test_another_limit_gives_another_answer_from_the_same_measurement(cast: Cast) -> None:
    version = make.ready_version(cast)
    within = Project.objects.get(pk=version.model.project_id)
    before = list(Measurement.objects.values_list("pk", flat=True))
    found = {0.8: outcome(version)}
    for limit in (0.9, 0.97, 0.5):
        make.active_policy(cast, on=within, body=policy(limit), slug="lending")
        found[limit] = outcome(version)
    assert found == {0.8: "passed", 0.9: "undecided", 0.97: "failed", 0.5: "passed"}
    assert list(Measurement.objects.values_list("pk", flat=True)) == before
    assert Evaluation.objects.count() == 1


def measured_here(version: ModelVersion, cast: Cast, tmp_path: Path) -> Evaluation:
    """The prescribed run, by the evaluator itself on a real table, stored as a worker stores it."""
    rows = [(i % 3 > 0, i % 5 > 1 + i % 2, "ab"[i % 2]) for i in range(600)]
    content = make.table([(int(label), int(said), race) for label, said, race in rows])
    table = tmp_path / "rows.csv"
    table.write_bytes(content)
    file = {"path": str(table), "sha256": hashlib.sha256(content).hexdigest(), "name": "rows.csv"}
    subject = Subject.from_dict({"kind": "table", "files": {"table": file}, **make.READS})
    outcome = evaluate("fairness.group", subject)
    run = make.requested(version, by=cast.ada)
    with speaking_as("assay_worker"):
        claimed = runs.claim(run.pk, worker="test")
        assert claimed
        readings = [reading.as_dict() for reading in outcome.readings]
        assert runs.finish(claimed, readings=readings, evidence=[vars(e) for e in outcome.evidence], environment={})
    return run


def test_stored_statistics_give_the_interval_again_and_at_any_other_level(cast: Cast, tmp_path: Path) -> None:
    version = make.ready_version(cast)
    run = measured_here(version, cast, tmp_path)
    row = run.measurements.get(metric=make.DIFFERENCE, slice="overall")

    def again(level: float) -> Any:
        found = summarise("fairness.group", row.statistics, params=run.parameters, level=level, seed=int(row.seed))
        [same] = [reading for reading in found if (reading.metric, reading.slice) == (row.metric, row.slice)]
        return same

    assert (again(0.95).value, again(0.95).low, again(0.95).high) == (row.value, row.low, row.high)
    assert again(0.99).low < row.low < row.value < row.high < again(0.99).high
