"""What can't be meant is refused with its place, and nothing is half-written."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from registry.models import (
    Artifact,
    AuditEvent,
    Dataset,
    Evaluation,
    Measurement,
    ModelVersion,
    Policy,
    RegisteredModel,
    Risk,
    Waiver,
)
from tests import make
from tests.api.clients import Caller, refused
from tests.people import Cast

WRITTEN = (Artifact, AuditEvent, Dataset, Evaluation, Measurement, ModelVersion, Policy, RegisteredModel, Risk, Waiver)
DEEP = b'{"team": ' + b"[" * 40 + b"]" * 40 + b"}"
BODIES: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"{",
    "two values": b"{} {}",
    "a list": b"[]",
    "a text": b'"team"',
    "a number": b"1",
    "null": b"null",
    "a key twice": b'{"team": "lending", "name": "a", "name": "b"}',
    "NaN": b'{"team": "lending", "name": NaN}',
    "Infinity": b'{"team": "lending", "name": -Infinity}',
    "a number beyond all": b'{"team": "lending", "name": 1e999}',
    "an integer that not all can hold": b'{"team": "lending", "name": 9007199254740993}',
    "an integer of 5000 digits": b'{"team": "lending", "name": ' + b"9" * 5000 + b"}",
    "not UTF-8": b'{"team": "lending", "name": "\xff"}',
    "UTF-16": '{"team": "lending"}'.encode("utf-16"),
    "U+0000": rb'{"team": "lending", "name": "a\u0000"}',
    "half a pair": rb'{"team": "lending", "name": "\ud800"}',
    "40 lists deep": DEEP,
    "100,000 lists deep": b"[" * 100_000,
    "100,000 objects deep": b'{"a":' * 100_000,
}
DATASETS: dict[str, tuple[dict[str, Any], str]] = {
    "no team": ({"name": "a"}, "team"),
    "another's team": ({"team": "marketing", "name": "a"}, "team"),
    "a team that is a number": ({"team": 1, "name": "a"}, "team"),
    "a team that is a list": ({"team": ["lending"], "name": "a"}, "team"),
    "a name that is an object": ({"team": "lending", "name": {}}, "name"),
    "an empty name": ({"team": "lending", "name": " "}, "name"),
    "a name with a slash": ({"team": "lending", "name": "a/b"}, "name"),
    "a name with a line end": ({"team": "lending", "name": "a\nb"}, "name"),
    "a name with an escape": ({"team": "lending", "name": "a\u001b[31m"}, "name"),
    "a name of 61 characters": ({"team": "lending", "name": "a" * 61}, "name"),
    "a long description": ({"team": "lending", "name": "a", "description": "x" * 20_001}, "description"),
    "a bell in the description": ({"team": "lending", "name": "a", "description": "\u0007"}, "description"),
    "an unknown key": ({"team": "lending", "name": "a", "stage": "inference"}, "stage"),
    "an owner": ({"team": "lending", "name": "a", "created_by": "ada"}, "created_by"),
}
GROUPS = {"evaluator": "fairness.group"}
READING = {"metric": make.RATIO, "slice": "worst", "status": "ok", "value": 0.9, "low": 0.8, "high": 1.0}
VERSIONS: dict[str, tuple[str, dict[str, Any], str]] = {
    "a risk beyond the scale": ("risks/", {"likelihood": 6}, "likelihood"),
    "a risk with half a severity": ("risks/", {"severity": 2.5}, "severity"),
    "a risk that is true": ("risks/", {"severity": "high"}, "severity"),
    "a risk of no aspect": ("risks/", {"aspect": "beauty"}, "aspect"),
    "a risk of somebody else": ("risks/", {"owner": "eve"}, "owner"),
    "a risk already resolved": ("risks/", {"is_resolved": True}, "is_resolved"),
    "an unknown evaluator": ("evaluations/", {"evaluator": "fairness.nothing"}, "evaluator"),
    "an evaluation without its table": ("evaluations/", {"evaluator": "fairness.group"}, "table"),
    "columns that are a list": ("evaluations/", {"evaluator": "fairness.group", "columns": ["a"]}, "columns"),
    "a column that is a number": ("evaluations/", GROUPS | {"columns": {"label": 1}}, "columns.label"),
    "groups of mixed kinds": ("evaluations/", GROUPS | {"columns": {"group": ["a", 1]}}, "columns.group"),
    "parameters that are a list": ("evaluations/", {"evaluator": "fairness.group", "parameters": []}, "parameters"),
    "a level of 1": ("evaluations/", {"evaluator": "fairness.group", "level": 1}, "level"),
    "a table that is no id": ("evaluations/", {"evaluator": "fairness.group", "table": "x.csv"}, "table"),
    "a run of no policy": ("evaluations/required/", {"required": 1}, "required"),
    "no readings": ("readings/", {"evaluator": "fairness.group", "readings": []}, "readings"),
    "a reading of nothing known": ("readings/", {"readings": [READING | {"metric": "fairness.luck"}]}, "readings.0"),
    "a reading upside down": ("readings/", {"readings": [READING | {"low": 1, "high": 0}]}, "readings.0"),
    "the same reading twice": ("readings/", {"readings": [READING, READING]}, "readings"),
    "a reading with a key of ours": ("readings/", {"readings": [READING | {"assurance": "x"}]}, "readings.0.assurance"),
    "a reading of fewer than none": ("readings/", {"readings": [READING | {"n": -1}]}, "readings.0.n"),
    "exclusions that are a number": (
        "readings/", {"readings": [READING | {"detail": {"excluded": 5}}]}, "readings.0.detail"
    ),
    "a stage that is none": ("transitions/", {"to_stage": "production"}, "to_stage"),
    "a stage with a standing": ("transitions/", {"to_stage": "data", "standing": "good"}, "standing"),
    "a waiver without an end": (
        "waivers/", {"to_stage": "inference", "requirement": "risk:1", "found": "1", "reason": "x"}, "expires_at"
    ),
    "files that are not there": ("artifact/", {"artifact": "00000000-0000-4000-8000-000000000000"}, "artifact"),
}  # fmt: skip
RISK = {"issue": "x", "aspect": "fairness", "likelihood": 1, "severity": 1, "priority": "low"}
DEFAULTS = {"risks/": RISK, "readings/": {"evaluator": "fairness.group"}}


def counted() -> list[int]:
    return [table.objects.count() for table in WRITTEN]


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_body_that_can_not_be_read_changes_nothing(cast: Cast, pipeline: Caller, body: bytes) -> None:
    before = counted()
    refused(pipeline.ask("POST", "datasets/", body), 400)
    refused(pipeline.ask("POST", "datasets/", body, Idempotency_Key="k"), 400)
    assert counted() == before


@pytest.mark.parametrize(("body", "field"), DATASETS.values(), ids=DATASETS)
def test_a_field_that_does_not_fit_is_named(cast: Cast, pipeline: Caller, body: dict[str, Any], field: str) -> None:
    before = counted()
    assert field in refused(pipeline.post("datasets/", body), 400)["errors"]
    assert counted() == before


@pytest.mark.parametrize(("path", "body", "field"), VERSIONS.values(), ids=VERSIONS)
def test_a_verb_that_is_asked_for_wrongly_leaves_the_version_alone(
    cast: Cast, pipeline: Caller, path: str, body: dict[str, Any], field: str
) -> None:
    version = make.model_version(cast)
    before, revision = counted(), ModelVersion.objects.get().evidence_rev
    sent = DEFAULTS.get(path, {}) | body
    assert field in refused(pipeline.post(f"versions/{version.pk}/{path}", sent), 400)["errors"]
    assert (counted(), ModelVersion.objects.get().evidence_rev) == (before, revision)


@pytest.mark.parametrize(
    "body",
    [
        {}, {"title": 1}, {"stages": []}, {"stages": {"inference": []}}, {"stages": {"heaven": {}}},
        make.a_policy(evaluations=[{"evaluator": ["fairness.group"]}]), make.a_policy(evaluations={}),
        make.a_policy(evaluations=[{"evaluator": "fairness.group", "reads": {"columns": [1]}}]),
        make.a_policy(evaluations=[{"evaluator": "fairness.group", "reads": {"columns": {"group": [1, "a"]}}}]),
        make.a_policy(evaluations=[{"evaluator": "fairness.group", "reads": {"columns": {"group": 5}}}]),
        make.a_policy(evaluations=[{"evaluator": "fairness.group", "parameters": {"x": 1}}]),
        make.a_policy(sign_offs=[]), make.a_policy(sign_offs=[{"expertise": "fairness", "people": 0}]),
        make.a_policy(sign_offs=[{"expertise": "fairness"}] * 2), make.a_policy(validity_days=0),
        make.a_policy(validity_days=True), make.a_policy(surprise=1), make.a_policy(documents=[{"kind": "poem"}]),
        make.a_policy(max_waiver_hours=721), make.a_policy(title="\u0007" * 300),
    ],
)  # fmt: skip
def test_a_policy_that_can_not_be_used_is_not_kept(
    cast: Cast, person: Callable[[str], Caller], body: dict[str, Any]
) -> None:
    before = counted()
    refused(person("ada").post("policies/", {"team": "lending", "slug": "p", "body": body}), 400)
    assert counted() == before


@pytest.mark.parametrize(
    "answers", [[], "x", {"a": 1}, {"motivation.purpose": {"text": ""}}, {"x": {"text": "\u0000"}}]
)
def test_answers_that_can_not_be_kept_leave_the_document_as_it_was(cast: Cast, pipeline: Caller, answers: Any) -> None:
    document = make.model_version(cast).documents.get()
    before = counted()
    refused(pipeline.ask("PUT", f"documents/{document.pk}/", {"answers": answers}, If_Match='"0"'), 400)
    assert (counted(), document.revisions.count()) == (before, 0)


def test_a_body_over_the_limit_is_not_read(cast: Cast, pipeline: Caller, settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    body = json.dumps({"team": "lending", "name": "a", "description": "x" * 1000}).encode()
    assert refused(pipeline.ask("POST", "datasets/", body), 413)["type"] == "urn:assay:problem:too-large"
    assert not Dataset.objects.exists()


@pytest.mark.parametrize(
    "query",
    [
        "models/?colour=red", "models/?cursor=x", "models/?cursor=cD0x", "models/?cursor=cD0wMDAwLTAwLTAw",
        "versions/?stage=heaven", "versions/?standing=1", "versions/?search=%00", "evaluations/?version=1",
        "audit-events/?since=yesterday", "audit-events/?cursor=cD14", "audit-events/?search=%00", "datasets/?name=%00",
    ],
)  # fmt: skip
def test_a_query_that_makes_no_sense_is_refused_with_its_reason(cast: Cast, pipeline: Caller, query: str) -> None:
    make.model_version(cast)
    assert refused(pipeline.get(query), 400)["errors"]


@pytest.mark.parametrize(
    "path", ["risks/99999999999999999999999/", "risks/9223372036854775808/", "evaluators/%00/", "methods/..%2Fa/"]
)
def test_an_id_that_can_not_exist_is_not_found(cast: Cast, pipeline: Caller, path: str) -> None:
    refused(pipeline.get(path), 404)


def test_a_type_of_body_that_is_not_read_is_refused(cast: Cast, pipeline: Caller) -> None:
    form = pipeline.client.post("/api/v1/datasets/", {"team": "lending", "name": "a"}, headers=pipeline.headers)
    refused(form, 415)
    assert not Dataset.objects.exists()
