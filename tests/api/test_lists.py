"""Lists are read along a key, newest first, and filtered by name, stage and standing."""

from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registry.services import catalog
from tests import make
from tests.api.clients import Caller, made
from tests.people import Cast


def names(caller: Caller, path: str) -> list[str]:
    return [row["name"] for row in made(caller.get(path), 200)["results"]]


def walk(caller: Caller, path: str) -> list[list[str]]:
    """Every page, by the links alone."""
    pages, following = [], f"/api/v1/{path}"
    while following:
        page = made(caller.get(following), 200)
        pages.append([row["name"] for row in page["results"]])
        parts = urlsplit(page["next"] or "")
        following = f"{parts.path}?{parts.query}" if page["next"] else ""
    return pages


def test_pages_follow_one_another_newest_first_and_show_everything_once(cast: Cast, pipeline: Caller) -> None:
    made_names = [str(catalog.create_dataset(cast.lending, slug=f"d{n}", by=cast.ada)) for n in range(7)]
    assert walk(pipeline, "datasets/?limit=3") == [
        [f"lending/d{n}" for n in page] for page in ((6, 5, 4), (3, 2, 1), (0,))
    ]
    assert len(made_names) == 7


def test_what_arrives_meanwhile_moves_no_page(cast: Cast, pipeline: Caller) -> None:
    for number in range(4):
        catalog.create_dataset(cast.lending, slug=f"d{number}", by=cast.ada)
    first = made(pipeline.get("datasets/?limit=2"), 200)
    catalog.create_dataset(cast.lending, slug="late", by=cast.ada)
    following = urlsplit(first["next"])
    assert names(pipeline, f"/api/v1/datasets/?{following.query}") == ["lending/d1", "lending/d0"]


@pytest.mark.parametrize("limit", ["0", "-1", "x", "1000000"])
def test_a_page_has_its_limits(cast: Cast, pipeline: Caller, limit: str) -> None:
    make.model_version(cast)
    assert len(made(pipeline.get(f"audit-events/?limit={limit}"), 200)["results"]) <= 200


def test_versions_are_found_by_name_stage_standing_and_part_of_a_name(cast: Cast, pipeline: Caller) -> None:
    first = make.at_stage(make.model_version(cast), "data", by=cast.ada)
    second = make.model_version(cast, label="2")
    other = make.model_version(cast, slug="churn")
    assert names(pipeline, f"versions/?name={second}") == [str(second)]
    assert names(pipeline, "versions/?name=lending/none@1") == []
    assert names(pipeline, "versions/?name=nonsense") == []
    assert names(pipeline, "versions/?stage=data") == [str(first)]
    assert names(pipeline, "versions/?standing=good&search=MORT") == [str(second), str(first)]
    assert names(pipeline, "versions/?model=churn&team=lending") == [str(other)]
    assert names(pipeline, f"versions/?digest={other.root_digest}") == [str(other)]
    assert names(pipeline, "models/?name=lending/churn") == ["lending/churn"]
    assert names(pipeline, "models/?search=app") == ["lending/mortgage-approval"]
    assert names(pipeline, "versions/?team=marketing") == []


def test_the_log_is_searched_by_verb_actor_subject_and_words(cast: Cast, pipeline: Caller) -> None:
    version = make.model_version(cast)

    def verbs(query: str) -> list[str]:
        return [event["verb"] for event in made(pipeline.get(f"audit-events/?{query}"), 200)["results"]]

    assert verbs("verb=model_version.registered") == ["model_version.registered"]
    assert verbs(f"subject={version.pk}") == ["model_version.registered"]
    assert verbs("actor=joan&search=token") == ["token.created"]
    assert verbs("search=registered mortgage") == ["model_version.registered"]
    assert verbs("until=2020-01-01T00:00:00Z") == []


def test_evaluations_are_found_by_state_and_version(cast: Cast, pipeline: Caller) -> None:
    version = make.ready_version(cast)
    assert len(made(pipeline.get(f"evaluations/?state=done&version={version.pk}"), 200)["results"]) == 1
    assert made(pipeline.get("evaluations/?state=queued"), 200)["results"] == []
    assert made(pipeline.get("evaluations/?evaluator=performance.accuracy"), 200)["results"] == []


@pytest.mark.parametrize("path", ["versions/", "models/", "datasets/", "artifacts/", "audit-events/", "evaluations/"])
def test_a_page_costs_the_same_number_of_statements_however_long_it_is(cast: Cast, pipeline: Caller, path: str) -> None:
    make.ready_version(cast)
    made(pipeline.get("teams/"), 200)  # the first use of a token in a minute is noted
    with CaptureQueriesContext(connection) as few:
        made(pipeline.get(path), 200)
    for label in ("2", "3", "4"):
        make.ready_version(cast, label=label, slug=f"m{label}")
        catalog.create_dataset(cast.lending, slug=f"d{label}", by=cast.ada)
    with CaptureQueriesContext(connection) as many:
        made(pipeline.get(path), 200)
    assert len(many) == len(few) <= 4


def test_measurements_are_found_by_metric_and_slice(cast: Cast, pipeline: Caller) -> None:
    version = make.ready_version(cast)
    path = f"versions/{version.pk}/measurements/"
    assert len(made(pipeline.get(f"{path}?metric={make.RATIO}&slice=worst"), 200)["results"]) == 1
    assert made(pipeline.get(f"{path}?slice=overall"), 200)["results"] == []


def test_readings_that_a_pipeline_measured_itself_are_marked(cast: Cast, pipeline: Caller) -> None:
    version = make.model_version(cast)
    body = {"evaluator": "fairness.group", "readings": [make.reading()]}
    run = made(pipeline.post(f"versions/{version.pk}/readings/", body))
    assert (run["state"], run["assurance"]) == ("done", "self-reported")
    shown = made(pipeline.get(f"versions/{version.pk}/measurements/"), 200)["results"]
    assert [(row["evaluation"], row["assurance"], row["low"]) for row in shown] == [(run["id"], "self-reported", 0.85)]


def test_a_run_is_cancelled_and_asked_for_again(cast: Cast, pipeline: Caller) -> None:
    version = make.model_version(cast)
    make.active_policy(cast, on=version.model.project)
    run = make.requested(version, by=cast.ada)
    assert made(pipeline.post(f"evaluations/{run.pk}/cancel/"), 200)["state"] == "cancelled"
    assert pipeline.post(f"evaluations/{run.pk}/cancel/").status_code == 409
    again = made(pipeline.post(f"evaluations/{run.pk}/retry/"), 202)
    assert (again["state"], again["spec_digest"]) == ("queued", run.spec_digest)
    assert again["id"] != str(run.pk)
