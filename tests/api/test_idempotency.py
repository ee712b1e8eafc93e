"""A request that arrives twice is carried out once."""

import threading
from collections.abc import Callable
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from registry.models import AuditEvent, Dataset, IdempotencyRecord
from registry.services import people
from tests.api.clients import Caller, made, refused
from tests.people import Cast

BODY = {"team": "lending", "name": "loans"}


def test_the_same_key_and_request_are_carried_out_once_and_answered_alike(cast: Cast, pipeline: Caller) -> None:
    first = pipeline.post("datasets/", BODY, Idempotency_Key="k1")
    again = pipeline.post("datasets/", BODY, Idempotency_Key="k1")
    assert made(first) == made(again)
    assert (again["Idempotent-Replayed"], "Idempotent-Replayed" in first) == ("true", False)
    assert Dataset.objects.count() == 1
    assert AuditEvent.objects.filter(verb="dataset.created").count() == 1


def test_without_a_key_the_second_is_a_mistake(cast: Cast, pipeline: Caller) -> None:
    made(pipeline.post("datasets/", BODY))
    refused(pipeline.post("datasets/", BODY), 400)


def test_a_key_for_another_request_is_refused(cast: Cast, pipeline: Caller) -> None:
    made(pipeline.post("datasets/", BODY, Idempotency_Key="k1"))
    refused(pipeline.post("datasets/", BODY | {"name": "other"}, Idempotency_Key="k1"), 409)
    refused(pipeline.post("models/", BODY, Idempotency_Key="k1"), 409)
    assert Dataset.objects.count() == 1


def test_the_order_of_keys_in_the_body_means_nothing(cast: Cast, pipeline: Caller) -> None:
    made(pipeline.post("datasets/", BODY, Idempotency_Key="k1"))
    made(pipeline.post("datasets/", dict(reversed(BODY.items())), Idempotency_Key="k1"))


def test_somebody_elses_key_is_another_key(cast: Cast, pipeline: Caller, person: Callable[[str], Caller]) -> None:
    made(pipeline.post("datasets/", BODY, Idempotency_Key="k1"))
    refused(person("ada").post("datasets/", BODY, Idempotency_Key="k1"), 400)
    refused(person("eve").post("datasets/", BODY, Idempotency_Key="k1"), 400)


def test_another_token_of_the_same_account_does_not_see_the_answer(cast: Cast, pipeline: Caller) -> None:
    made(pipeline.post("datasets/", BODY, Idempotency_Key="k1"))
    _, secret = people.create_token(
        cast.lending, name="b", acts_as=cast.pipeline, scopes=["catalog:write"], by=cast.joan
    )
    refused(Caller(secret=secret).post("datasets/", BODY, Idempotency_Key="k1"), 409)


def test_a_refusal_is_not_kept_but_recorded(cast: Cast, person: Callable[[str], Caller]) -> None:
    mary = person("mary")
    for _ in range(2):
        refused(mary.post("datasets/", BODY, Idempotency_Key="k1"), 403)
    assert AuditEvent.objects.filter(verb="dataset.created.refused").count() == 2
    assert not IdempotencyRecord.objects.exists()


def test_a_key_is_forgotten_after_a_day(cast: Cast, pipeline: Caller) -> None:
    made(pipeline.post("datasets/", BODY, Idempotency_Key="k1"))
    IdempotencyRecord.objects.update(made_at=timezone.now() - timedelta(hours=25))
    made(pipeline.post("datasets/", BODY | {"name": "other"}, Idempotency_Key="k1"))
    assert IdempotencyRecord.objects.count() == 1


def test_a_key_that_can_not_be_one_is_refused(cast: Cast, pipeline: Caller) -> None:
    for key in ("", "x" * 101, "a\tb"):
        refused(pipeline.post("datasets/", BODY, Idempotency_Key=key), 400)
    assert not Dataset.objects.exists()


def test_two_at_once_are_one(committed_cast: Cast) -> None:
    answers = []

    def ask() -> None:
        answers.append(Caller(secret=committed_cast.secret).post("datasets/", BODY, Idempotency_Key="k1"))
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({made(answer)["id"] for answer in answers}) == 1
    assert Dataset.objects.count() == 1
    assert AuditEvent.objects.filter(verb="dataset.created").count() == 1
