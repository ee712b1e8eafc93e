"""What is brought for several prescribed runs at once goes to those that read it, and to no other."""

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from registry.models import Evaluation, RequiredEvaluation, User
from registry.models.gate_inputs import active_revision
from tests import make
from tests.people import Cast

SignedIn = Callable[[User], Client]


@pytest.mark.django_db
def test_the_policy_says_what_a_model_is_given_and_not_who_asks_for_the_run(cast: Cast, signed_in: SignedIn) -> None:
    (fairness,) = make.a_policy()["stages"][make.INFERENCE]["evaluations"]
    noise = {"evaluator": "robust.noise", "reads": {"columns": {"label": "approved", "feature": "race"}}}
    within = make.project(cast)
    make.active_policy(cast, on=within, body=make.a_policy(evaluations=[fairness, noise]))
    version = make.model_version(cast, within=within)
    required = RequiredEvaluation.objects.filter(revision=active_revision(version)).values_list("pk", flat=True)
    sent = {
        "required": list(required),
        "table_file": SimpleUploadedFile("predictions.csv", make.table()),
        "features": "predicted",
    }
    answer = signed_in(cast.ada).post(reverse("version-evaluate", args=[version.pk]), sent)
    assert answer.status_code == 302
    given = {run.evaluator: run.subject["features"] for run in Evaluation.objects.filter(version=version)}
    assert given == {"fairness.group": [], "robust.noise": ["race"]}
