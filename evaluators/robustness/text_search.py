"""A greedy search for few exchanged words that turn a text classifier, many texts in lock-step.

Each word that has substitutes is tried alone; the words are then exchanged together in the order of what they brought.
For a model that adds up its words this finds the best that so many words can do.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.language.wording import Word, cased, exchanged, words
from evaluators.robustness.words_like import Substitutes
from evaluators.subjects.texts import Asker

SMALLEST = 1e-300


@dataclass(frozen=True)
class Limits:
    """At most `share` of the words change (one in any case); `tried` of them are looked at; sentences stay so close."""

    share: float
    tried: int
    cosine: float


@dataclass
class Hunt:
    """One text under attack, and what was found."""

    text: str
    label: int
    found: list[Word] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    # For each place, the word that brought most alone, and how much.
    best: dict[int, tuple[float, str]] = field(default_factory=dict)
    turned: str = ""
    changed: int = 0

    def most(self, limits: Limits) -> int:
        return max(1, int(limits.share * len(self.found)))


@dataclass
class Search:
    """Asks the model and, if there is one, the encoder; counts which proposals kept the sentence's meaning."""

    asker: Asker
    substitutes: Substitutes
    limits: Limits
    encode: Callable[[Sequence[str]], FloatArray] | None = None
    proposed: int = 0
    passed: int = 0

    def run(self, texts: Sequence[str], labels: Sequence[int]) -> list[Hunt]:
        """Texts that the model is right about, with their classes. Raises nothing of its own."""
        hunts = [Hunt(text, label, words(text)) for text, label in zip(texts, labels, strict=True)]
        for hunt in hunts:
            hunt.places = [i for i, word in enumerate(hunt.found) if self._may_change(i, word)]
        self._keep_important(hunts)
        self._try_alone(hunts)
        self._try_together([hunt for hunt in hunts if not hunt.turned])
        return hunts

    def _may_change(self, i: int, word: Word) -> bool:
        """Not a name: capitals inside a sentence stay."""
        is_name = i > 0 and word.text[:1].isupper() and not word.text.isupper()
        return not is_name and bool(self.substitutes.of(word.text))

    def _keep_important(self, hunts: Sequence[Hunt]) -> None:
        """Where more words could change than are looked at, those whose absence costs the true class most."""
        many = [hunt for hunt in hunts if len(hunt.places) > self.limits.tried]
        shorter = {(id(hunt), i): exchanged(hunt.text, hunt.found, {i: ""}) for hunt in many for i in hunt.places}
        self.asker.ask_ahead(list(shorter.values()))
        for hunt in many:
            margins = {i: self._margins([shorter[id(hunt), i]], hunt.label)[0] for i in hunt.places}
            hunt.places = sorted(sorted(hunt.places, key=lambda i: (margins[i], i))[: self.limits.tried])

    def _try_alone(self, hunts: Sequence[Hunt]) -> None:
        proposals = [
            (hunt, {i: cased(hunt.found[i].text, other)})
            for hunt in hunts
            for i in hunt.places
            for other in self.substitutes.of(hunt.found[i].text)
        ]
        for hunt, changes, text, margin in self._judged(proposals):
            (i, word), *_ = changes.items()
            if i not in hunt.best or margin < hunt.best[i][0]:
                hunt.best[i] = (margin, word)
            if margin < 0 and (not hunt.turned or margin < self._margins([hunt.turned], hunt.label)[0]):
                hunt.turned, hunt.changed = text, 1

    def _try_together(self, hunts: Sequence[Hunt]) -> None:
        proposals = []
        for hunt in hunts:
            clean = self._margins([hunt.text], hunt.label)[0]
            helping = sorted((margin, i, word) for i, (margin, word) in hunt.best.items() if margin < clean)
            for k in range(2, min(hunt.most(self.limits), len(helping)) + 1):
                proposals.append((hunt, {i: word for _, i, word in helping[:k]}))
        for hunt, changes, text, margin in self._judged(proposals):
            if margin < 0 and not hunt.turned:
                hunt.turned, hunt.changed = text, len(changes)

    def _judged(
        self, proposals: Sequence[tuple[Hunt, dict[int, str]]]
    ) -> list[tuple[Hunt, dict[int, str], str, float]]:
        """The proposals that keep the meaning, with their texts and how far the true class still leads."""
        texts = [exchanged(hunt.text, hunt.found, changes) for hunt, changes in proposals]
        close = self._are_close([hunt.text for hunt, _ in proposals], texts)
        self.proposed += len(texts)
        self.passed += sum(close)
        kept = [(*proposal, text) for proposal, text, ok in zip(proposals, texts, close, strict=True) if ok]
        self.asker.ask_ahead([text for *_, text in kept])
        return [(hunt, changes, text, self._margins([text], hunt.label)[0]) for hunt, changes, text in kept]

    def _are_close(self, before: Sequence[str], after: Sequence[str]) -> list[bool]:
        if self.encode is None or not before:
            return [True] * len(before)
        different = sorted({*before, *after}, key=lambda text: (len(text), text))
        vectors = self.encode(different)
        vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        place = {text: i for i, text in enumerate(different)}
        first, second = vectors[[place[text] for text in before]], vectors[[place[text] for text in after]]
        return [bool(cosine >= self.limits.cosine) for cosine in (first * second).sum(axis=1)]

    def _margins(self, texts: Sequence[str], label: int) -> list[float]:
        """The log-odds of the class against its strongest rival: below 0 the model has turned, as at a lost tie."""
        logs = np.log(np.maximum(self.asker.probabilities(texts), SMALLEST))
        rivals = np.delete(logs, label, axis=1).max(axis=1)
        turned = np.array(self.asker.positions(texts)) != label
        margins = logs[:, label] - rivals
        return [
            float(min(margin, -SMALLEST) if is_turned else margin)
            for margin, is_turned in zip(margins, turned, strict=True)
        ]
