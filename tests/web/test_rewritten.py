"""What was written anew since a signature is shown answer by answer, with the words marked that differ."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from registry.cards.schemas import load_schema
from registry.models import ModelVersion, User
from registry.web.present import changes, rewritten
from tests import make
from tests.people import Cast
from tests.web.test_statements import AT_MOST, statements

SignedIn = Callable[[User], Client]
BEFORE = "It scores `mortgage` applications for *two* officers."
AFTER = "It scores `mortgage` applications for *three* officers."


def reworded(version: ModelVersion, said: str, cast: Cast) -> str:
    """The card anew with another answer to its first free question; that question's title."""
    answers = make.complete_answers("model_card")
    key = next(key for key, answer in answers.items() if answer.get("text", "").startswith("What there is"))
    make.card(version, by=cast.ada, answers=answers | {key: {"text": said}})
    return load_schema("model_card").questions[key].title


@pytest.fixture
def version(cast: Cast) -> ModelVersion:
    """Signed by grace, and its card reworded since."""
    made = make.ready_version(cast)
    reworded(made, BEFORE, cast)
    make.signed(made, by=cast.grace, expertise="fairness")
    reworded(made, AFTER, cast)
    return made


@pytest.mark.parametrize("name", ["version-sign", "version"])
def test_a_changed_answer_is_shown_with_its_changed_words_and_the_way_to_its_revisions(
    cast: Cast, version: ModelVersion, signed_in: SignedIn, name: str
) -> None:
    client, address = signed_in(cast.grace), reverse(name, args=[version.pk])
    page = client.get(address).content.decode()
    assert (
        '<code>mortgage</code> applications for <em><del><span class="visually-hidden">[taken out: </span>two' in page
    )
    assert '<em><ins><span class="visually-hidden">[put in: </span>three' in page
    assert "officers</del>" not in page
    assert "revision id" not in page
    document = reverse("document", args=[version.documents.get().pk])
    assert f'href="{document}?revision=2">Model card of {version}, revision 2 to 3</a>' in page
    # What has changed since a signature is one more thing to ask than an unsigned version has.
    assert name != "version" or statements(client, address) <= AT_MOST + 1


def test_the_changes_of_a_document_name_its_questions(cast: Cast, version: ModelVersion) -> None:
    signature = changes.last_signature(version, of=cast.grace)
    reviewed = make.verdicts.review(version, to_stage=make.INFERENCE)
    found = changes.since_signed(signature, reviewed, person=cast.grace)["changes"]
    title = reworded(version, "Another", cast)
    assert [change["name"] for change in found] == [title]


def test_what_a_person_may_not_read_is_counted_only(cast: Cast, version: ModelVersion) -> None:
    signature = changes.last_signature(version, of=cast.grace)
    reviewed = make.verdicts.review(version, to_stage=make.INFERENCE)
    (found,) = changes.since_signed(signature, reviewed, person=cast.eve)["changes"]
    assert found["name"] == f"Model card of {version}"
    assert "answered" in found["after"]
    assert "href" not in found


def test_a_document_that_was_not_written_before_says_so(cast: Cast) -> None:
    entry = {"kind": "datasheet", "subject": "lending/loans@1", "revision": 0, "answered": 0, "applicable": 4}
    (found,) = rewritten.documents([entry], [entry | {"revision": 7, "answered": 3}], person=cast.grace)
    assert (found["before"], found["after"]) == ("not written", "3 of 4 answered")


def test_two_versions_cards_are_compared_word_by_word(cast: Cast, version: ModelVersion, signed_in: SignedIn) -> None:
    other = make.model_version(cast, label="2", within=version.model.project)
    reworded(other, BEFORE, cast)
    address = reverse("version-compare", args=[version.pk]) + f"?against={other.pk}"
    page = signed_in(cast.grace).get(address).content.decode()
    assert "[taken out: </span>three" in page
    assert "`mortgage`" not in page
