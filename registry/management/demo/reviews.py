"""Real sentences with ratings, for the demo's text model: read from the source archive that set-up has fetched."""

import hashlib
import io
import sys
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from registry.management.demo.data import as_csv
from registry.management.demo.made import NotHere

ARCHIVE = Path(sys.prefix) / "share" / "assay" / "vaderSentiment-3.3.2.tar.gz"
SHA256 = "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9"
INNER = "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz"
TABLE = "hutto_ICWSM_2014/amazonReviewSnippets_GroundTruth.txt"
SENTENCES, REVIEWS = 3708, 300
# Twenty people rated each sentence from -4 to 4; a mean at or below this is a complaint, a third of the sentences.
COMPLAINT_AT = -0.5
COMPLAINT, OTHER = "complaint", "other"
HELD_OUT = 3


@dataclass(frozen=True, kw_only=True)
class Sentences:
    """One row per sentence: its text, whether it complains, and the review it is from."""

    texts: Sequence[str]
    labels: Sequence[str]
    reviews: Sequence[str]

    def only(self, rows: Sequence[int]) -> "Sentences":
        columns = (self.texts, self.labels, self.reviews)
        texts, labels, reviews = ([column[row] for row in rows] for column in columns)
        return Sentences(texts=texts, labels=labels, reviews=reviews)

    def as_table(self) -> bytes:
        """The rows as a CSV file."""
        columns: Mapping[str, Sequence[object]] = {"review": self.reviews, "text": self.texts, "label": self.labels}
        return as_csv(columns)


def read_sentences() -> Sentences:
    """All 3,708 sentences of 300 reviews, in the order of the file. NotHere if the file can't be had."""
    rows = [line.split("\t") for line in _table().decode("utf-8").splitlines() if line.strip()]
    reviews = [name.partition("_")[0] for name, *_ in rows]
    if (len(rows), len(set(reviews))) != (SENTENCES, REVIEWS):
        raise NotHere(f"{TABLE} holds {len(rows)} sentences of {len(set(reviews))} reviews: it is another file")
    return Sentences(
        texts=[text.strip() for _, _, text in rows],
        labels=[COMPLAINT if float(rating) <= COMPLAINT_AT else OTHER for _, rating, _ in rows],
        reviews=reviews,
    )


def split(sentences: Sentences) -> tuple[Sentences, Sentences]:
    """Every third review is kept from training, whole, so that no review stands on both sides."""
    order = {review: place for place, review in enumerate(sorted(set(sentences.reviews), key=int))}
    rows = range(len(sentences.texts))
    held_out = [row for row in rows if order[sentences.reviews[row]] % HELD_OUT == 0]
    known = [row for row in rows if order[sentences.reviews[row]] % HELD_OUT != 0]
    return sentences.only(known), sentences.only(held_out)


def _table() -> bytes:
    try:
        outer = ARCHIVE.read_bytes()
    except OSError as error:
        raise NotHere(f"{ARCHIVE.name} is not here; 'make setup' fetches it") from error
    found = hashlib.sha256(outer).hexdigest()
    if found != SHA256:
        raise NotHere(f"{ARCHIVE.name} has SHA-256 {found[:12]}…, expected {SHA256[:12]}…")
    return _member(_member(outer, INNER), TABLE)


def _member(archive: bytes, name: str) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as opened:
        stream = opened.extractfile(name)
        if stream is None:
            raise NotHere(f"{name} is not a file of the archive")
        return stream.read()
