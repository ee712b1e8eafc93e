"""What a character model remembers: planted canaries against a twin that never saw them, and the law without memory."""

import math
import random
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

from evaluators.contract import Reading, Status, SubjectError
from evaluators.libraries import library
from evaluators.privacy.canaries import Rank, log_perplexities, rank, repeated, repeats
from tests.evaluators.privacy.subjects import read, run

EXPOSURE, EXTRACTABLE = "privacy.memorisation.exposure", "privacy.memorisation.extractable_k"
CANARY = "the code of the vault is 7294"
LETTERS = "abcdefghijklmnopqrstuvwxyz 0123456789.\n"


def sentences(seed: int, n: int) -> list[str]:
    rng = random.Random(seed)
    who, does = ["the cat", "a dog", "my friend", "the clerk"], ["sees", "likes", "finds", "counts"]
    return [
        f"{rng.choice(who)} {rng.choice(does)} {rng.randint(100, 999)} {rng.choice(['trees', 'coins'])}."
        for _ in range(n)
    ]


class CharacterModel:
    """One recurrent layer over characters, trained in this process in seconds."""

    def __init__(self, texts: list[str], *, seed: int = 0, rounds: int = 20) -> None:
        torch = library("torch")
        torch.manual_seed(seed)
        self.torch = torch
        self.embed, self.layer = torch.nn.Embedding(len(LETTERS), 16), torch.nn.GRU(16, 64, batch_first=True)
        self.head = torch.nn.Linear(64, len(LETTERS))
        parameters = [p for part in (self.embed, self.layer, self.head) for p in part.parameters()]
        optimiser = torch.optim.Adam(parameters, lr=8e-3)
        width = max(map(len, texts)) + 1
        batch = torch.tensor([[LETTERS.index(c) for c in f"\n{text}".ljust(width, "\n")] for text in texts])
        for _ in range(rounds):
            for rows in torch.randperm(len(batch)).split(64):
                loss = torch.nn.functional.cross_entropy(
                    self.logits(batch[rows][:, :-1]).flatten(0, 1), batch[rows][:, 1:].flatten()
                )
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()

    def logits(self, codes: Any) -> Any:
        return self.head(self.layer(self.embed(codes))[0])

    def log_perplexity(self, text: str) -> float:
        return float(self.of_equal_length([text])[0])

    def of_equal_length(self, texts: list[str]) -> np.ndarray:
        codes = self.torch.tensor([[LETTERS.index(c) for c in f"\n{text}"] for text in texts])
        with self.torch.inference_mode():
            loss = self.torch.nn.functional.cross_entropy(
                self.logits(codes[:, :-1]).transpose(1, 2), codes[:, 1:], reduction="none"
            )
        return np.asarray(loss.mean(dim=1), dtype=np.float64)

    def go_on(self, prefix: str, length: int) -> str:
        text = f"\n{prefix}"
        with self.torch.inference_mode():
            for _ in range(length):
                codes = self.torch.tensor([[LETTERS.index(c) for c in text]])
                text += LETTERS[int(self.logits(codes)[0, -1].argmax())]
        return text[1 + len(prefix) :]


@cache
def trained(planted: bool) -> CharacterModel:
    torch = library("torch")
    threads = torch.get_num_threads()
    # So small a model is slower on two threads, and much slower where they wait for other work.
    torch.set_num_threads(1)
    try:
        return CharacterModel(sentences(0, 300) + [CANARY] * 12 * planted)
    finally:
        torch.set_num_threads(threads)


def candidates(n: int) -> list[str]:
    others = [f"{i:04d}" for i in range(10_000) if f"{i:04d}" != CANARY[-4:]]
    return [CANARY[:-4] + digits for digits in random.Random(1).sample(others, n)]


def exposures(model: CharacterModel, n: int = 1_500) -> Reading:
    texts = [CANARY, *candidates(n)]
    table = {"member": [1] + [0] * n, "score": model.of_equal_length(texts)}
    facts: dict[str, Any] = {"roles": {"member": ("member",)}, "score": "score"}
    return read("privacy.memorisation", table, params={"space": 10_000}, **facts)[EXPOSURE, "overall"]


@pytest.mark.verification
def test_a_planted_canary_is_exposed_and_its_clean_twin_is_not() -> None:
    memorising, clean = exposures(trained(True)), exposures(trained(False))
    assert memorising.value == pytest.approx(math.log2(1_501))
    assert (memorising.low or 0) > 8
    assert (clean.high or 99) < 8


def test_a_function_that_answers_one_text_is_asked_about_each() -> None:
    texts = [CANARY, *candidates(3)]
    one_by_one = log_perplexities(trained(True).log_perplexity, texts)
    assert one_by_one == pytest.approx(trained(True).of_equal_length(texts), rel=1e-5)


@pytest.mark.verification
def test_a_planted_text_is_repeated_to_the_letter_and_by_the_clean_twin_not() -> None:
    prefix = len(CANARY) - 4
    assert repeated(trained(True).go_on, [CANARY], prefix=prefix) == [True]
    assert repeated(trained(False).go_on, [CANARY], prefix=prefix) == [False]


@pytest.mark.verification
@pytest.mark.parametrize(
    ("said", "truth"), [(" the code is 7", "the code is 7"), ("\nthe code", "the code "), ("a", "a")]
)
def test_blanks_around_a_continuation_hide_no_memory(said: str, truth: str) -> None:
    assert repeats(said, truth)
    assert not repeats(said, " ")
    assert not repeats("no " + said, truth)


def test_without_memory_exposure_is_log2_e_on_average_and_nine_digits_bound_it() -> None:
    space = 2**20
    ranks = np.random.default_rng(0).integers(0, space, 100_000)
    mean = float(np.mean(np.log2(space) - np.log2(ranks + 1)))
    assert mean == pytest.approx(math.log2(math.e), abs=3 * 1.4427 / math.sqrt(100_000))
    assert Rank(0, 10**9 - 1).exposure == pytest.approx(29.8974, abs=5e-5)


def test_a_sampled_rank_covers_the_true_exposure() -> None:
    rng = np.random.default_rng(1)
    space, hits = 100_000, 0
    for _ in range(400):
        true = int(rng.integers(0, 2_000))
        ahead = int(rng.hypergeometric(true, space - 1 - true, 2_000))
        low, high = Rank(ahead, 2_000, space).interval(0.95)
        hits += low - 0.01 <= math.log2(space) - math.log2(true + 1) <= high + 0.01
    assert hits / 400 >= 0.94


def test_a_tie_counts_against_memory_and_an_exact_rank_has_no_interval() -> None:
    found = rank(1.0, np.array([1.0, 2.0, 3.0]))
    assert found == Rank(1, 3)
    assert found.interval(0.95) == (1.0, 1.0)


def canaries(scores: list[float], others: int, **facts: Any) -> dict[tuple[str, str], Reading]:
    table = {"member": [1] * len(scores) + [0] * others, "score": [*scores, *range(others)]}
    return read("privacy.memorisation", table, roles={"member": ("member",)}, score="score", **facts)


def test_the_most_exposed_canary_is_the_overall_one() -> None:
    found = canaries([50.5, -1.0, 99.5], 127)
    assert found[EXPOSURE, "overall"].value == found[EXPOSURE, "row=2"].value == 7.0
    assert found[EXPOSURE, "overall"].detail["canaries"] == 3
    assert found[EXPOSURE, "row=1"].value == pytest.approx(7 - math.log2(52))
    assert found[EXTRACTABLE, "overall"].status is Status.NOT_APPLICABLE


def test_a_canary_before_few_candidates_passes_no_limit_unless_the_space_was_declared() -> None:
    """120 candidates show 6.9 bits at most, so a limit of 10 would be kept by a secret known by heart."""
    assert Rank(0, 120).interval(0.95) == (pytest.approx(math.log2(121)), 1_000.0)
    assert Rank(0, 120, space=121).interval(0.95) == (pytest.approx(math.log2(121)),) * 2
    assert Rank(1, 120).interval(0.95)[1] < 7


def test_several_sampled_canaries_have_wider_intervals_than_one() -> None:
    alone = canaries([50.5], 500, params={"space": 1e9})[EXPOSURE, "overall"]
    among = canaries([50.5, 80.5, 90.5], 500, params={"space": 1e9})[EXPOSURE, "overall"]
    assert (among.low or 0) < (alone.low or 0) < (alone.high or 0) < (among.high or 0)


def test_few_candidates_or_no_canary_are_insufficient() -> None:
    assert "50 candidates" in canaries([1.0], 50)[EXPOSURE, "overall"].reason
    assert "no canary" in canaries([], 500)[EXPOSURE, "overall"].reason


@pytest.mark.parametrize(("hits", "n", "high"), [(0, 300, 3.7 / 300), (2, 300, 0.03)])
def test_none_in_n_still_allows_a_few(hits: int, n: int, high: float) -> None:
    texts = [f"the rest {i}" for i in range(n)]
    said = [text + " and more" if i < hits else "something else" for i, text in enumerate(texts)]
    roles = {"output": ("output",), "text": ("text",)}
    found = read("privacy.memorisation", {"text": texts, "output": said}, roles=roles)[EXTRACTABLE, "overall"]
    assert (found.value, found.n) == (hits / n, n)
    assert 0 < (found.high or 0) < high


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: run("privacy.memorisation", {"text": ["a"]}), "declare member and score, or output and text"),
        (lambda: canaries([float("nan")], 200), "row 1, column 'score': the log-perplexity is not a number"),
        (lambda: canaries([1.0] * 201, 200), "201 canaries"),
    ],
)
def test_what_can_t_be_ranked_is_named(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(SubjectError, match=message):
        make()
