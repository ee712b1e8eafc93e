import tracemalloc
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from evaluators.catalog import summarise
from evaluators.contract import Status, SubjectError
from evaluators.data import near
from evaluators.data.minhash import (
    BANDS,
    MAX_BUCKET,
    PER_BAND,
    candidates,
    caught,
    components,
    jaccard,
    near_pairs,
    normal,
    shingles,
    signatures,
)
from evaluators.data.near import by_angle
from evaluators.evaluate import evaluate
from evaluators.inputs.tables import Categorical
from evaluators.models.model import TEXTS, Model
from evaluators.notebook import in_memory
from tests.evaluators.quality.making import reading, run

EXACT, NEAR = "data.duplicates.exact", "data.duplicates.near"
WORDS = ["river", "stone", "cloud", "window", "garden", "letter", "silver", "morning", "bridge", "candle", "forest"]


def sentences(n: int, seed: int = 0, length: int = 12) -> list[str]:
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(WORDS, length)) + f" {i}" for i in range(n)]


@pytest.mark.verification
@pytest.mark.parametrize(("similarity", "chance"), [(0.5, 0.470), (0.7, 0.975), (0.8, 0.9996)])
def test_the_chance_to_catch_a_pair_follows_the_published_curve(similarity: float, chance: float) -> None:
    assert caught(similarity) == pytest.approx(chance, abs=5e-4)


@pytest.mark.verification
@pytest.mark.parametrize("shared", [50, 70, 80])
def test_signatures_catch_pairs_as_often_as_the_curve_says(shared: int) -> None:
    rng = np.random.default_rng(shared)
    rounds, size = 400, 100
    sets = []
    for _ in range(rounds):
        # Two sets of which `shared` of a hundred different members are common.
        union = rng.integers(0, 1 << 63, size, dtype=np.uint64)
        half = shared + (size - shared) // 2
        sets += [np.sort(union[:half]), np.sort(np.r_[union[:shared], union[half:]])]
    found = {pair for pair in candidates(signatures(sets, rng)) if pair[1] == pair[0] + 1 and pair[0] % 2 == 0}
    expected = caught(shared / 100)
    assert len(found) / rounds == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - expected) / rounds) + 0.01)


@pytest.mark.verification
def test_near_pairs_equal_those_of_comparing_every_pair() -> None:
    texts = sentences(300)
    rng = np.random.default_rng(1)
    texts += [text.replace("river", "rivers") + "!" for text in rng.choice(texts, 60, replace=False)]
    texts = sorted(set(texts))
    sets = [shingles(normal(text)) for text in texts]
    brute = {(i, j) for i, j in combinations(range(len(texts)), 2) if jaccard(sets[i], sets[j]) >= 0.8}
    found = {(i, j) for i, j, _ in near_pairs(texts, threshold=0.8, rng=rng)}
    assert len(brute) > 40
    assert found <= brute
    assert len(brute - found) <= 1


def told_once(rows: np.ndarray) -> set[tuple[int, int]]:
    """The candidates as their definition has them, with every pair held in memory."""
    found: set[tuple[int, int]] = set()
    for band in range(BANDS):
        buckets: dict[bytes, list[int]] = {}
        for i, row in enumerate(rows[:, band * PER_BAND : (band + 1) * PER_BAND]):
            buckets.setdefault(row.tobytes(), []).append(i)
        for members in buckets.values():
            found |= {(i, j) for k, i in enumerate(members[:MAX_BUCKET]) for j in members[k + 1 :]}
    return found


@pytest.mark.parametrize("kinds", [1, 2, 3, 40])
def test_every_candidate_is_told_once_also_of_full_buckets(kinds: int) -> None:
    rng = np.random.default_rng(kinds)
    rows = rng.integers(0, 1 << 60, (kinds, BANDS * PER_BAND), dtype=np.uint64)[rng.integers(0, kinds, 300)]
    # Most rows differ from their kind somewhere, and so share some of its buckets and not others.
    places = rng.random(rows.shape) < 0.08
    rows[places] = rng.integers(0, 1 << 60, int(places.sum()), dtype=np.uint64)
    found = list(candidates(rows))
    assert len(found) == len(set(found)) > 0
    assert set(found) == told_once(rows)


def test_a_letter_that_thousands_were_sent_takes_memory_by_the_text_and_not_by_the_pair() -> None:
    rows = np.ones((3_000, BANDS * PER_BAND), dtype=np.uint64)
    tracemalloc.start()
    try:
        pairs = sum(1 for _ in candidates(rows))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert pairs == MAX_BUCKET * (len(rows) - MAX_BUCKET) + MAX_BUCKET * (MAX_BUCKET - 1) // 2
    assert peak < 3_000 * 2_000


def test_of_many_near_pairs_the_closest_are_kept_and_the_clusters_know_all(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"Dear customer number {i}, your letter has arrived and we shall answer it soon." for i in range(60)]
    item = Categorical(np.arange(60), tuple(texts))
    whole = near.by_text(item, threshold=0.6, rng=np.random.default_rng(0))
    monkeypatch.setattr(near, "MAX_PAIRS", 20)
    found = near.by_text(item, threshold=0.6, rng=np.random.default_rng(0))
    assert len(whole.pairs) > 1_000
    assert found.clusters.tolist() == whole.clusters.tolist() == [0] * 60
    assert found.pairs == whole.pairs[:20]


def test_planted_copies_are_counted_exactly(tmp_path: Path) -> None:
    found = run("data.duplicates", tmp_path, {"a": [1, 2, 3, 1, 1, 4], "b": list("xyzxxw")})
    assert reading(found, EXACT).value == pytest.approx(2 / 6)
    assert reading(found, EXACT).status is Status.INSUFFICIENT_DATA
    assert [row[:3] for row in found.evidence[0].data["rows"]] == [["exact", 1, 4], ["exact", 1, 5]]


def test_a_table_with_copies_fails_and_its_clean_twin_passes(tmp_path: Path) -> None:
    texts = sentences(1000)
    spoiled = texts[:900] + [text.upper() + " ." for text in texts[:100]]
    clean = reading(run("data.duplicates", tmp_path, {"t": texts}, columns={"text": "t"}), NEAR)
    bad = reading(run("data.duplicates", tmp_path, {"t": spoiled}, columns={"text": "t"}), NEAR)
    assert clean.high is not None
    assert clean.high <= 0.005
    assert bad.low is not None
    assert bad.low > 0.05
    assert bad.value == pytest.approx(0.1)


def test_rows_are_near_when_their_rounded_numbers_are_equal(tmp_path: Path) -> None:
    first = np.random.default_rng(0).normal(size=50)
    table = {"a": [*first, *(first[:10] * 1.000001)], "b": ["x"] * 60}
    found = run("data.duplicates", tmp_path, table)
    assert reading(found, EXACT).value == 0
    assert 8 / 60 <= (reading(found, NEAR).value or 0) <= 10 / 60


def test_vectors_are_near_by_their_angle() -> None:
    vectors = np.random.default_rng(0).normal(size=(40, 16))
    found = by_angle(np.r_[vectors, vectors[:5] * 3, np.zeros((2, 16))], threshold=0.99)
    assert len(np.unique(found.clusters)) == 42
    assert sorted(pair[:2] for pair in found.pairs) == [(i, 40 + i) for i in range(5)]


def test_rows_that_all_lie_close_together_are_one_cluster_whose_closest_pairs_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(0)
    rows = np.column_stack([rng.lognormal(10, 0.3, 60), rng.normal(0, 300, 60)])
    whole = by_angle(rows, threshold=0.999)
    monkeypatch.setattr(near, "CELLS", 60 * 7)
    monkeypatch.setattr(near, "MAX_PAIRS", 20)
    found = by_angle(rows, threshold=0.999)
    assert len(whole.pairs) > 500
    assert found.clusters.tolist() == whole.clusters.tolist() == components(60, [p[:2] for p in whole.pairs]).tolist()
    assert [pair[2] for pair in found.pairs] == pytest.approx([pair[2] for pair in whole.pairs[:20]], abs=1e-12)


def test_the_order_of_rows_changes_nothing(tmp_path: Path) -> None:
    texts = sentences(80) + [text + "s" for text in sentences(20)]
    order = np.random.default_rng(3).permutation(len(texts))
    values = []
    for rows in (texts, [texts[i] for i in order]):
        found = run("data.duplicates", tmp_path, {"t": rows}, columns={"text": "t"})
        values.append([(item.value, item.low, item.high) for item in found.readings])
    assert values[0] == values[1]


def test_texts_in_any_script_and_empty_ones_are_compared(tmp_path: Path) -> None:
    texts = [
        " ",
        "  ",
        "Straße",
        "STRASSE",
        "日本語のテキスト",
        "🙂🙃",
        "\u00e9t\u00e9",
        "e\u0301te\u0301",
        "x",
        "y",
    ] * 2
    found = run("data.duplicates", tmp_path, {"t": texts}, columns={"text": "t"})
    assert reading(found, EXACT).value == 0.5
    # Spaces, case and the way letters are encoded don't make two texts different.
    assert reading(found, NEAR).value == pytest.approx(3 / 20)


def test_readings_come_back_from_their_statistics(tmp_path: Path) -> None:
    found = run("data.duplicates", tmp_path, {"a": list(range(30)) * 2})
    for item in found.readings:
        again = summarise("data.duplicates", item.statistics, params={}, level=0.95, seed=found.seed)
        assert next(other.value for other in again if other.metric == item.metric) == item.value


def test_texts_have_no_angle(tmp_path: Path) -> None:
    found = run("data.duplicates", tmp_path, {"a": list("abcabcabcabc")}, params={"nearness": "vectors"})
    assert reading(found, NEAR).status is Status.NOT_APPLICABLE
    assert "other than numbers" in reading(found, NEAR).reason


def test_an_empty_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SubjectError, match=r"table\.csv: a header and no rows"):
        run("data.duplicates", tmp_path, {"a": []})


def test_chains_of_pairs_are_one_component() -> None:
    assert components(6, [(4, 2), (2, 0), (5, 3)]).tolist() == [0, 1, 0, 3, 0, 3]


def test_a_bucket_of_thousands_of_equal_texts_is_not_compared_pair_by_pair() -> None:
    sets = [shingles("the same text every time")] * 3000
    found = list(candidates(signatures(sets, np.random.default_rng(0))))
    assert len(found) < 3000 * 51
    assert len(np.unique(components(3000, found))) == 1


def test_texts_with_close_embeddings_are_near_where_an_encoder_is_given(tmp_path: Path) -> None:
    model = Model(inputs=TEXTS, score_kind="logit", ask=lambda texts: np.zeros((len(texts), 2)), classes=("a", "b"))
    model.encode = lambda texts: np.array([[len(text), text.count("e") + 1.0] for text in texts])
    table = {"t": ["cheese"] * 6 + ["seehce"] * 6 + ["xxxx"] * 6}
    subject = in_memory(tables={"table": table}, models={"model": model}, facts={"columns": {"text": "t"}})
    found = evaluate("data.duplicates", subject, params={"nearness": "vectors"})
    assert reading(found, EXACT).value == pytest.approx(15 / 18)
    assert reading(found, NEAR).value == pytest.approx(1 / 18)
