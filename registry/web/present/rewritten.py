"""What was written anew: the answers of documents before and after, question by question."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString

from registry.cards.answers import parse_answer
from registry.cards.changes import compare_revisions
from registry.cards.schemas import Question, load_schema
from registry.models import Document, DocumentRevision, User
from registry.policies import visible
from registry.web.present.documents import answer_html, answer_words

Entry = Mapping[str, Any]


def answers(before: Entry, after: Entry, *, schema_id: str) -> list[dict[str, Any]]:
    """The questions whose answers differ, each with both answers as HTML that can do nothing."""
    questions = load_schema(schema_id).questions
    found = []
    for change in compare_revisions(before, after, order=list(questions)):
        question = questions.get(change.key)
        found.append(
            {
                "name": question.title if question else change.key,
                "before": _answer(question, change.before),
                "after": _answer(question, change.after),
            }
        )
    return found


def _answer(question: Question | None, plain: Any) -> SafeString | str:
    """An answer as its document shows it; to a question that is asked no more, in one line of words."""
    if not plain:
        return ""
    return answer_html(parse_answer(question, plain)) if question else answer_words(plain)


def documents(before: Sequence[Entry], after: Sequence[Entry], *, person: User) -> list[dict[str, Any]]:
    """What two evidence snapshots say otherwise of documents: each changed answer, with the way to the revisions.

    Of a document that the person may not read, and of one that was not written before, how much is answered.
    """
    old = {(each["kind"], each["subject"]): each for each in before}
    new = {(each["kind"], each["subject"]): each for each in after}
    pairs = [(old.get(key), new.get(key)) for key in {**old, **new}]
    changed = [pair for pair in pairs if _revision(pair[0]) != _revision(pair[1])]
    if not changed:
        return []
    ids = {_revision(each) for pair in changed for each in pair}
    seen = DocumentRevision.objects.filter(pk__in=ids, document__in=visible(Document, person))
    revisions = {row.pk: row for row in seen.select_related("document")}
    return [line for pair in changed for line in _lines(pair, revisions)]


def _revision(entry: Entry | None) -> int:
    return int(entry["revision"] or 0) if entry else 0


def _lines(pair: tuple[Entry | None, Entry | None], revisions: Mapping[int, DocumentRevision]) -> list[dict[str, Any]]:
    earlier, later = (revisions.get(_revision(each)) for each in pair)
    entry = pair[1] or pair[0] or {}
    name = f"{entry['kind'].replace('_', ' ').capitalize()} of {entry['subject']}"
    where = {"href": reverse("document", args=[later.document_id])} if later else {}
    found = []
    if earlier and later:
        where = {"href": f"{where['href']}?revision={earlier.number}"}
        note = {"note": f"{name}, revision {earlier.number} to {later.number}"}
        found = [line | note | where for line in answers(earlier.answers, later.answers, schema_id=entry["kind"])]
    whole = {"name": name, "note": "document, written anew", "before": _said(pair[0]), "after": _said(pair[1])} | where
    return found or [whole]


def _said(entry: Entry | None) -> str:
    if not entry:
        return ""
    return f"{entry['answered']} of {entry['applicable']} answered" if entry["revision"] else "not written"
