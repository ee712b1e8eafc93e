"""scikit-learn's estimators as models."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from evaluators.contract import SubjectError
from evaluators.models import estimators
from evaluators.models.opening import open_model
from tests.evaluators.models.subjects import held

X = np.random.default_rng(0).normal(size=(80, 3))
Y = np.where(X[:, 0] > 0, "yes", "no")


def opened(estimator: Any, folder: Path, **facts: Any) -> Any:
    return open_model(held(folder, {"model.skops": skops.io.dumps(estimator)}, **facts))


@pytest.mark.parametrize(
    "estimator",
    [
        LogisticRegression(),
        RandomForestClassifier(5, random_state=0),
        HistGradientBoostingClassifier(max_iter=5),
        make_pipeline(StandardScaler(), LogisticRegression()),
    ],
    ids=lambda one: type(one).__name__,
)
def test_a_classifier_answers_as_it_does_by_itself(estimator: Any, tmp_path: Path) -> None:
    estimator.fit(X, Y)
    model = opened(estimator, tmp_path, features=["a", "b", "c"])
    assert np.array_equal(model.scores(X), estimator.predict_proba(X))
    assert [model.classes[i] for i in model.labels(X)] == estimator.predict(X).tolist()
    assert (model.inputs, model.features) == ("rows", ("a", "b", "c"))


def test_columns_are_named_as_they_were_when_it_was_fitted(tmp_path: Path) -> None:
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    model = opened(LogisticRegression().fit(frame, Y), tmp_path)
    assert model.features == ("a", "b", "c")
    assert model.scores(X).shape == (80, 2)


def test_a_model_without_names_reads_the_columns_in_the_role_of_features(tmp_path: Path) -> None:
    columns = {"label": "y", "feature": ["c", "a", "b"]}
    assert opened(LogisticRegression().fit(X, Y), tmp_path, columns=columns).features == ("c", "a", "b")
    named = LogisticRegression().fit(pd.DataFrame(X, columns=["a", "b", "c"]), Y)
    assert opened(named, tmp_path, columns=columns | {"feature": ["a"]}).features == ("a", "b", "c")


def test_a_classifier_without_probabilities_gives_labels(tmp_path: Path) -> None:
    estimator = RidgeClassifier().fit(X, Y)
    model = opened(estimator, tmp_path, features=["a", "b", "c"])
    assert model.score_kind == "label"
    assert model.scores(X).argmax(axis=1).tolist() == (estimator.predict(X) == "yes").astype(int).tolist()


def test_a_cut_off_of_its_own_decides(tmp_path: Path) -> None:
    estimator = FixedThresholdClassifier(LogisticRegression(), threshold=0.95, pos_label="yes").fit(X, Y)
    model = opened(estimator, tmp_path, features=["a", "b", "c"])
    assert [model.classes[i] for i in model.labels(X)] == estimator.predict(X).tolist()
    assert model.labels(X).tolist() != model.scores(X).argmax(axis=1).tolist()


def test_a_regressor_gives_values(tmp_path: Path) -> None:
    model = opened(LinearRegression().fit(X, X[:, 0]), tmp_path, features=["a", "b", "c"])
    assert (model.score_kind, model.scores(X).shape) == ("value", (80, 1))


def test_several_outputs_at_once_are_refused(tmp_path: Path) -> None:
    forest = RandomForestClassifier(3).fit(X, np.column_stack([Y, Y]))
    with pytest.raises(SubjectError, match="several outputs at once"):
        opened(forest, tmp_path, features=["a", "b", "c"])


def test_a_second_model_is_opened_by_its_role(tmp_path: Path) -> None:
    subject = held(tmp_path, {"model.skops": skops.io.dumps(LogisticRegression().fit(X, Y))}, features=["a", "b", "c"])
    other = type(subject)(**(vars(subject) | {"files": {"baseline": subject.files["model"]}}))
    assert open_model(other, role="baseline").classes == ("no", "yes")
    with pytest.raises(SubjectError, match="a model is needed"):
        open_model(other)


def test_files_that_make_no_model_together_are_named(tmp_path: Path) -> None:
    with pytest.raises(SubjectError, match=r"the files README\.md, weights\.safetensors aren't a model"):
        open_model(held(tmp_path, {"weights.safetensors": b"", "README.md": b""}))


def test_an_archive_that_unpacks_to_far_more_is_refused_before_it_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred kilobytes of zeros held a gigabyte."""
    estimator = LogisticRegression().fit(X, Y)
    estimator.coef_ = np.zeros((1, 1_000_000))
    data = skops.io.dumps(estimator, compression=zipfile.ZIP_DEFLATED)
    assert len(data) < 100_000
    monkeypatch.setattr(estimators, "MAX_BYTES", 5_000_000)
    with pytest.raises(SubjectError, match="that unpack to 8,"):
        open_model(held(tmp_path, {"model.skops": data}, features=["a", "b", "c"]))


@pytest.mark.parametrize("fitted", [X, pd.DataFrame(X, columns=["a", "b", "truth"])], ids=["declared", "named"])
def test_a_model_that_would_read_the_true_label_is_not_opened(fitted: Any, tmp_path: Path) -> None:
    model = LogisticRegression().fit(fitted, Y)
    with pytest.raises(SubjectError, match="would read 'truth', which is declared as the true label"):
        opened(model, tmp_path, features=["a", "b", "truth"], columns={"label": "truth"})
