"""Nobody overwrites what they have not seen."""

from tests import make
from tests.api.clients import Caller, made, refused
from tests.people import Cast


def test_a_document_is_written_from_the_revision_that_was_read(cast: Cast, pipeline: Caller) -> None:
    document = make.model_version(cast).documents.get()
    path, answers = f"documents/{document.pk}/", make.complete_answers("model_card")
    first = pipeline.get(path)
    assert (first["ETag"], made(first, 200)["newest"]) == ('"0"', None)
    written = pipeline.ask("PUT", path, {"answers": answers}, If_Match='"0"')
    assert (written["ETag"], made(written, 200)["number"]) == ('"1"', 1)
    shown = made(pipeline.get(path), 200)
    assert shown["newest"]["answers"] == answers
    assert shown["newest"]["written_by"] == "pipeline"
    assert [row["number"] for row in made(pipeline.get(f"{path}revisions/"), 200)["results"]] == [1]


def test_whoever_started_from_an_older_revision_is_told_so(cast: Cast, pipeline: Caller) -> None:
    document = make.model_version(cast).documents.get()
    make.write(document, by=cast.ada)
    path, body = f"documents/{document.pk}/", {"answers": {}}
    for tag in ('"0"', '"2"', "1", "*", 'W/"1"'):
        assert refused(pipeline.ask("PUT", path, body, If_Match=tag), 412)["type"].endswith("precondition-failed")
    assert document.revisions.count() == 1


def test_a_change_says_what_it_started_from(cast: Cast, pipeline: Caller) -> None:
    document = make.model_version(cast).documents.get()
    refused(pipeline.ask("PUT", f"documents/{document.pk}/", {"answers": {}}), 428)
    assert not document.revisions.exists()


def test_whoever_has_the_newest_revision_is_told_so(cast: Cast, pipeline: Caller) -> None:
    path = f"documents/{make.model_version(cast).documents.get().pk}/"
    again = pipeline.get(path, If_None_Match='"0"')
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", '"0"')


def test_the_questions_of_a_kind_can_be_read(cast: Cast, pipeline: Caller) -> None:
    schema = made(pipeline.get("document-schemas/datasheet/"), 200)
    assert {"key", "title", "questions"} <= set(schema["sections"][0])
    refused(pipeline.get("document-schemas/poem/"), 404)
