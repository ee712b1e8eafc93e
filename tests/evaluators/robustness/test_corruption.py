import numpy as np
import pytest

from evaluators import catalog
from evaluators.contract import ParameterError, Status, SubjectError
from evaluators.models.model import ROWS, Model
from evaluators.robustness.compressed import cosines, jpeg
from evaluators.robustness.corruptions import CORRUPTIONS, SEVERITIES, corrupted
from evaluators.robustness.drops import DROP, drop_readings, tallied
from evaluators.robustness.pictures import bell, blurred, disk, sampled
from tests.evaluators.robustness.subjects import digit_network, digits, outcome, run, torch_model

NAMES = sorted(CORRUPTIONS)


def photographs(channels: int = 3, side: int = 32, count: int = 6) -> np.ndarray:
    """Smooth colour images with an edge in them, from 0 to 1."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:side, 0:side] / side
    waves = [np.sin(2 * np.pi * (f[0] * x + f[1] * y) + f[2]) for f in rng.uniform(0, 3, (count * channels, 3))]
    images = 0.5 + 0.3 * np.array(waves).reshape(count, channels, side, side)
    images[:, :, side // 3 : side // 2, side // 4 : side // 2] = 0.9
    return images.clip(0, 1)


def generators(count: int, seed: int = 0) -> list[np.random.Generator]:
    return [np.random.default_rng([seed, i]) for i in range(count)]


def test_there_are_fifteen_corruptions_in_five_severities() -> None:
    assert (len(CORRUPTIONS), SEVERITIES) == (15, (1, 2, 3, 4, 5))


@pytest.mark.verification
@pytest.mark.parametrize("name", NAMES)
def test_severity_zero_is_the_identity(name: str) -> None:
    images = photographs()
    assert np.array_equal(corrupted(name, images, 0, generators(6)), images)


@pytest.mark.parametrize("shape", [(3, 32), (1, 8), (1, 28)], ids=["colour", "digits", "grey"])
@pytest.mark.parametrize("name", NAMES)
def test_a_corruption_grows_with_its_severity_and_stays_an_image(name: str, shape: tuple[int, int]) -> None:
    images = photographs(*shape)
    distance = []
    for severity in SEVERITIES:
        worse = corrupted(name, images, severity, generators(6))
        assert worse.shape == images.shape
        assert worse.min() >= 0
        assert worse.max() <= 1
        distance.append(float(np.abs(worse - images).mean()))
    assert distance[0] > 0
    assert all(later > earlier * 0.98 for earlier, later in zip(distance, distance[1:], strict=False))
    assert distance[-1] > 1.2 * distance[0]


@pytest.mark.parametrize("name", NAMES)
def test_an_image_goes_bad_in_the_same_way_alone_and_among_others(name: str) -> None:
    images = photographs()
    together = corrupted(name, images, 3, generators(6))
    alone = corrupted(name, images[4:5], 3, generators(6)[4:5])
    assert np.allclose(together[4:5], alone, atol=1e-12)


def test_kernels_add_up_to_one_and_leave_an_even_image_even() -> None:
    even = np.full((1, 1, 9, 9), 0.4)
    for kernel in (disk(0.3), disk(1.5), bell(0.5)):
        assert kernel.sum() == pytest.approx(1)
        assert np.allclose(blurred(even, kernel), 0.4)


def test_sampling_between_pixels_is_linear() -> None:
    ramp = np.tile(np.arange(5.0), (5, 1))[None, None]
    rows, columns = np.full((1, 5, 5), 2.0), np.full((1, 5, 5), 1.25)
    assert np.allclose(sampled(ramp, rows, columns), 1.25)


def test_cosines_are_orthonormal_and_the_best_quality_loses_next_to_nothing() -> None:
    assert np.allclose(cosines() @ cosines().T, np.eye(8))
    images = photographs(1, 20)
    assert np.abs(jpeg(images, quality=100) - images).max() < 0.02


def test_the_drop_by_hand() -> None:
    """Twenty images right at first, half of which lose every second variant; ten wrong ones stay wrong."""
    right = np.array([1] * 20 + [0] * 10)
    hits = np.ones((2, 5, 30), dtype=np.int64) * right
    hits[0, :, :10] = 0
    statistics = tallied(["fog", "snow"], right, hits) | {"units_done": 30, "budget_exhausted": False}
    found = {reading.slice: reading for reading in drop_readings(statistics, level=0.95, seed=1)}
    assert found["overall"].value == pytest.approx(0.25)
    assert found["corruption=fog"].value == pytest.approx(0.5)
    assert found["corruption=snow"].value == 0.0
    assert found["corruption=fog"].low < 0.5 < found["corruption=fog"].high
    assert found["corruption=snow"].high > 0


def test_images_that_come_right_by_chance_count_too() -> None:
    right = np.array([1] * 60 + [0] * 10)
    hits = np.ones((1, 5, 70), dtype=np.int64)
    statistics = tallied(["fog"], right, hits) | {"units_done": 70, "budget_exhausted": False}
    reading = drop_readings(statistics, level=0.95, seed=1)[0]
    assert reading.value == pytest.approx(1 - 70 / 60)
    assert reading.low < reading.value < reading.high


def test_digits_lose_accuracy_and_every_corruption_is_told() -> None:
    x, y = digits()
    found = outcome("robust.corruption", torch_model(digit_network(), shape=(1, 8, 8)), x[1200:1400], y[1200:1400])
    by_slice = {reading.slice: reading for reading in found.readings}
    assert set(by_slice) == {"overall", *(f"corruption={name}" for name in CORRUPTIONS)}
    assert all(reading.status is Status.OK for reading in by_slice.values())
    assert 0 < by_slice["overall"].low < by_slice["overall"].value < by_slice["overall"].high < 0.5
    assert found.evidence[0].data["series"][0]["points"][0]["x"] == 0
    for name, reading in by_slice.items():
        again = catalog.summarise("robust.corruption", reading.statistics, params={}, level=0.95, seed=found.seed)
        match = next(other for other in again if other.slice == name)
        assert (match.value, match.low, match.high) == (reading.value, reading.low, reading.high)


def test_a_model_that_looks_at_nothing_loses_nothing() -> None:
    x, y = digits()
    constant = Model(
        inputs=ROWS,
        score_kind="label",
        ask=lambda rows: np.tile(np.eye(10)[1], (len(rows), 1)),
        classes=tuple("0123456789"),
    )
    found = run("robust.corruption", constant, x[:300], y[:300], shape=(1, 8, 8))
    assert found[DROP, "overall"].value == 0
    assert found[DROP, "overall"].high < 0.2


def test_pixels_outside_the_box_are_refused_with_their_place() -> None:
    x, y = digits()
    model = torch_model(digit_network(), shape=(1, 8, 8))
    with pytest.raises(SubjectError, match=r"row \d+, column 'x\d+': \d+ lies outside the box from 0 to 1"):
        run("robust.corruption", model, x[:50] * 16, y[:50])


def test_a_shape_is_asked_for_and_must_fit() -> None:
    x, y = digits()
    classifier = Model(inputs=ROWS, score_kind="logit", ask=lambda rows: rows[:, :10], classes=tuple("0123456789"))
    assert run("robust.corruption", classifier, x[:50], y[:50])[DROP, "overall"].status is Status.NOT_APPLICABLE
    with pytest.raises(ParameterError, match="doesn't make 64 features"):
        run("robust.corruption", classifier, x[:50], y[:50], shape=(1, 7, 8))
    for shape in ((64,), (8.5, 8)):
        with pytest.raises(ParameterError, match="channels, height and width"):
            run("robust.corruption", classifier, x[:50], y[:50], shape=shape)


def test_too_few_images_right_at_first_are_no_evidence() -> None:
    x, y = digits()
    model = torch_model(digit_network(), shape=(1, 8, 8))
    reading = run("robust.corruption", model, x[1200:1205], y[1200:1205])[DROP, "overall"]
    assert (reading.status, reading.value) == (Status.INSUFFICIENT_DATA, None)


@pytest.mark.statistics
@pytest.mark.parametrize("images", [30, 200])
def test_the_interval_of_the_drop_covers_the_truth(images: int) -> None:
    rng, covered, trials = np.random.default_rng(images), 0, 600
    for _ in range(trials):
        ability = rng.beta(4, 1, images)
        right = (rng.uniform(size=images) < ability).astype(np.int64)
        hits = rng.binomial(1, 0.8 * ability, (3, 5, images))
        facts = {"units_done": images, "budget_exhausted": False, "names": [], "by_corruption": []}
        found = drop_readings(tallied(["a", "b", "c"], right, hits) | facts, level=0.95, seed=1)[0]
        covered += found.low <= 0.2 <= found.high
    assert 0.925 <= covered / trials <= 0.985
