"""The whole way through the API alone: register, document, assess, evaluate, sign, move, ask."""

import hashlib
from typing import Any

from django.core.management import call_command

from registry.exchange.dsse import verify_envelope
from registry.models import Evaluation
from registry.services import runs
from tests import make
from tests.api.clients import Caller, made, refused
from tests.databases import speaking_as
from tests.people import PASSWORD, Cast

MODEL, DATA = b"weights", b"loan,race\n"


def logged_in(name: str) -> Caller:
    """A person who logs in by name and password, and sends the CSRF token they were given."""
    caller = Caller(enforce_csrf_checks=True)
    session = made(caller.post("session/", {"username": name, "password": PASSWORD}), 200)
    caller.headers["X-CSRFToken"] = session["csrf_token"]
    return caller


def register(pipeline: Caller, ada: Caller) -> Any:
    """A project by ada, then data, model and version by the pipeline."""
    made(ada.post("projects/", {"team": "lending", "slug": "mortgages", "title": "Mortgages"}))
    files = made(pipeline.upload({"loans.csv": DATA}))
    data = made(pipeline.post("datasets/", {"team": "lending", "name": "loans"}))
    made(pipeline.post(f"datasets/{data['id']}/versions/", {"label": "1", "artifact": files["id"]}))
    model = made(pipeline.post("models/", {"team": "lending", "name": "mortgage-approval"}))
    artifact = made(pipeline.upload({"model/weights.bin": MODEL, "model/config.json": b"{}"}))
    assert [file["name"] for file in artifact["files"]] == ["model/config.json", "model/weights.bin"]
    lineage = [{"relation": "trained_on", "dataset_version": "lending/loans@1"}]
    body = {"label": "1", "artifact": artifact["id"], "lineage": lineage}
    return made(pipeline.post(f"models/{model['id']}/versions/", body))


def activate_policy(ada: Caller, publishers: list[Caller], activator: Caller) -> None:
    revision = made(ada.post("policies/", {"team": "lending", "slug": "lending", "body": make.a_policy()}))
    for publisher in publishers:
        made(publisher.post(f"policy-revisions/{revision['id']}/agreements/"))
    body = {"project": "lending/mortgages"}
    made(activator.post(f"policy-revisions/{revision['id']}/activations/", body))


def write_documents(ada: Caller, version: str) -> None:
    data = made(ada.get("dataset-versions/?name=lending/loans@1"), 200)["results"][0]
    for owner in (f"versions/{version}", f"dataset-versions/{data['id']}"):
        document = made(ada.get(f"{owner}/documents/"), 200)["results"][0]
        tag = ada.get(f"documents/{document['id']}/")["ETag"]
        answers = make.complete_answers(document["kind"])
        written = ada.ask("PUT", f"documents/{document['id']}/", {"answers": answers}, If_Match=tag)
        assert made(written, 200)["number"] == 1


def evaluate(pipeline: Caller, version: str) -> None:
    """Ask for what the policy prescribes; a worker then reports a fair model."""
    review = made(pipeline.get(f"versions/{version}/review/"), 200)
    asked = next(item["id"] for item in review["requirements"] if item["kind"] == "evaluation")
    table = made(pipeline.upload({"predictions.csv": make.table()}))
    body = {"required": int(asked.partition(":")[2]), "table": table["id"]}
    run = made(pipeline.post(f"versions/{version}/evaluations/required/", body), 202)
    with speaking_as("assay_worker"):
        claimed = runs.claim(Evaluation.objects.get(pk=run["id"]).pk, worker="test")
        runs.finish(claimed, readings=[make.reading()], evidence=[{"name": "rates", "data": {"a": 1}}], environment={})
    assert made(pipeline.get(f"evaluations/{run['id']}/"), 200)["state"] == "done"
    measured = made(pipeline.get(f"versions/{version}/measurements/?metric={make.RATIO}&slice=worst"), 200)["results"]
    assert [(row["low"], row["assurance"]) for row in measured] == [(0.85, "platform-run")]
    assert made(pipeline.get(f"evaluations/{run['id']}/evidence/"), 200)["results"] == [
        {"name": "rates", "data": {"a": 1}}
    ]


def sign(reviewer: Caller, version: str, expertise: str) -> None:
    shown = made(reviewer.get(f"versions/{version}/review/"), 200)
    proof = made(reviewer.post("session/reauthentication/", {"password": PASSWORD}))
    body = {
        "to_stage": "inference",
        "expertise": expertise,
        "meaning": "approve",
        "comment": "Looked at all of it.",
        "evidence_rev": shown["evidence_rev"],
        "evidence_digest": shown["evidence_digest"],
        "proof": proof["proof"],
    }
    assert made(reviewer.post(f"versions/{version}/sign-offs/", body))["counts_until_change"] is True


def test_a_model_goes_from_registration_to_a_signed_yes_without_a_page(cast: Cast, pipeline: Caller) -> None:
    ada, grace, alan, joan = (logged_in(name) for name in ("ada", "grace", "alan", "joan"))
    version = register(pipeline, ada)
    activate_policy(ada, [grace, alan], joan)
    write_documents(ada, version["id"])
    risk = {"issue": "Too few approvals", "aspect": "fairness", "likelihood": 3, "severity": 4, "priority": "high"}
    found = made(ada.post(f"versions/{version['id']}/risks/", risk | {"treatment": "reduce", "owner": "ada"}))
    solved = {"is_resolved": True, "resolution": "Reweighed."}
    made(ada.ask("PATCH", f"risks/{found['id']}/", solved), 200)
    for stage in ("data", "preprocessing", "training"):
        made(pipeline.post(f"versions/{version['id']}/transitions/", {"to_stage": stage}), 200)
    evaluate(pipeline, version["id"])
    problem = refused(pipeline.post(f"versions/{version['id']}/transitions/", {"to_stage": "inference"}), 409)
    assert {item["kind"] for item in problem["requirements"]} == {"sign_off"}
    sign(grace, version["id"], "fairness")
    sign(alan, version["id"], "security")
    made(pipeline.post(f"versions/{version['id']}/transitions/", {"to_stage": "inference"}), 200)
    assert refused(pipeline.get(f"verdict/?name={version['name']}"), 503)["type"].endswith(":pending")
    with speaking_as("assay_notary"):
        call_command("notary", once=True)
    answer = made(pipeline.get(f"verdict/?name={version['name']}&stage=inference"), 200)
    assert (answer["approved"], answer["outcome"], answer["standing"]) == (True, "passed", "good")
    key = made(Caller().get("notary/keys/"), 200)["results"][0]["public_pem"]
    statement = verify_envelope(answer["attestation"], key)
    digests = [hashlib.sha256(data).digest() for data in (b"{}", MODEL)]
    assert statement["subject"][0]["digest"]["sha256"] == hashlib.sha256(b"".join(digests)).hexdigest()
    verbs = [event["verb"] for event in made(ada.get("audit-events/?limit=200"), 200)["results"]]
    assert {"model_version.transitioned", "model_version.signed_off", "evaluation.finished"} <= set(verbs)
