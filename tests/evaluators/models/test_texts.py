"""Text encoders and classifiers in Hugging Face's files."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluators.contract import SubjectError
from evaluators.models.heads import head_files
from evaluators.models.model import Model, NotOffered
from evaluators.models.opening import open_model
from tests.evaluators.models.subjects import held, minilm, tiny

PERSON = "That is a happy person"
OTHERS = ["That is a very happy person", "That is a happy dog", "Today is a sunny day"]
POOLED = b'{"pooling": "mean", "normalise": true}'


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return open_model(held(tmp_path_factory.mktemp("encoder"), {**minilm(), "head.json": POOLED}))


@pytest.mark.verification
def test_mean_pooling_over_the_attention_mask_gives_the_published_similarities(encoder: Model) -> None:
    found = encoder.embeddings([PERSON, *OTHERS])
    assert (found[0] @ found[1:].T).round(4).tolist() == [0.9429, 0.6946, 0.2569]


def test_embeddings_do_not_depend_on_the_batch(encoder: Model) -> None:
    rng = np.random.default_rng(0)
    words = [word for word in encoder.word_vectors()[0] if word.isalpha()] if encoder.word_vectors else []
    texts = [" ".join(rng.choice(words, size=size)) for size in rng.integers(1, 30, size=24)]
    encoder.batch = 24
    together = encoder.embeddings(texts)
    encoder.batch = 1
    assert np.abs(together - encoder.embeddings(texts)).max() < 1e-6


def test_what_is_cut_off_is_counted(encoder: Model) -> None:
    before = encoder.facts["texts_cut"]
    encoder.embeddings(["short", "word " * 500])
    assert encoder.facts["texts_cut"] == before + 1
    assert encoder.facts["max_tokens"] == 128


@pytest.mark.parametrize("text", ["", "日本語のテキスト", "🙂" * 40, "\x00\x07", "a\u0301" * 30, "مرحبا بالعالم"])
def test_any_text_has_an_embedding(text: str, encoder: Model) -> None:
    assert np.isfinite(encoder.embeddings([text])).all()


def test_an_encoder_without_a_head_gives_no_classes(encoder: Model) -> None:
    with pytest.raises(NotOffered, match="no head"):
        encoder.scores(["a"])


def test_a_head_on_the_frozen_encoder_gives_logits(tmp_path: Path, encoder: Model) -> None:
    embeddings = encoder.embeddings([PERSON, *OTHERS])
    weight = np.linspace(-1, 1, embeddings.shape[1])
    files = {**minilm(), **head_files(["sad", "happy"], weight, np.array([0.5]))}
    model = open_model(held(tmp_path, files))
    logits = model.scores([PERSON, *OTHERS])
    assert model.classes == ("sad", "happy")
    assert logits[:, 1] - logits[:, 0] == pytest.approx(embeddings @ weight + 0.5, abs=1e-5)
    assert model.probabilities([PERSON]).sum() == pytest.approx(1)


def test_a_classifier_with_a_head_of_its_own_is_opened(tmp_path: Path) -> None:
    model = open_model(held(tmp_path, tiny(id2label={"0": "bad", "1": "good"})))
    assert model.classes == ("bad", "good")
    assert model.scores(["good film", "bad day"]).shape == (2, 2)


def test_more_words_than_positions_are_cut_and_not_an_error(tmp_path: Path) -> None:
    model = open_model(held(tmp_path, tiny()))
    assert np.isfinite(model.scores(["good " * 50])).all()
    assert model.facts["texts_cut"] == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"auto_map": {"AutoModel": "x.Y"}}, "auto_map"),
        ({"nested": [{"trust_remote_code": True}]}, "trust_remote_code"),
        ({"custom_pipelines": {"x": {}}}, "custom_pipelines"),
        ({"quantization_config": {"quant_method": "x"}}, "quantization_config"),
        ({"model_type": "gpt-unheard-of"}, "'gpt-unheard-of' isn't among"),
        ({"model_type": None}, "None isn't among"),
        ({"architectures": ["A", "B"]}, "one is expected"),
        ({"problem_type": "multi_label_classification"}, "several labels"),
        ({"hidden_size": 16}, "shape"),
        ({"num_hidden_layers": 2}, "lacks"),
        ({"hidden_size": "many"}, "can't be loaded"),
        ({"hidden_size": 0}, "can't be loaded"),
        ({"pad_token_id": 1_000_000}, "can't be loaded"),
        ({"model_type": ["bert"]}, "isn't among"),
        ({"id2label": {"0": "same", "1": "same"}}, "each of the 2 classes once"),
    ],
)
def test_a_configuration_that_asks_for_something_else_is_refused(changes: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(SubjectError, match=message):
        open_model(held(tmp_path, tiny(**changes)))


def test_a_word_without_a_piece_for_it_is_told_in_a_sentence(tmp_path: Path) -> None:
    files = tiny()
    spoken = json.loads(files["tokenizer.json"])
    spoken["model"] = {"type": "WordLevel", "vocab": {"good": 0}, "unk_token": "[UNK]"}
    spoken["post_processor"] = None
    model = open_model(held(tmp_path, {**files, "tokenizer.json": json.dumps(spoken).encode()}))
    assert np.isfinite(model.scores(["good"])).all()
    with pytest.raises(SubjectError, match=r"^tokenizer\.json: can't take a text apart \(.*UNK"):
        model.scores(["unheard"])


@pytest.mark.parametrize("name", ["modeling_x.py", "pytorch_model.bin", "model.pt", "weights.pkl", "x.H5"])
def test_code_or_a_pickle_beside_the_weights_refuses_the_model(name: str, tmp_path: Path) -> None:
    with pytest.raises(SubjectError, match=name):
        open_model(held(tmp_path, {**tiny(), name: b"harmless"}))


def test_weights_are_read_only_through_their_digest(tmp_path: Path) -> None:
    subject = held(tmp_path, tiny())
    path = tmp_path / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(SubjectError, match=r"model\.safetensors: the content has SHA-256"):
        open_model(subject)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("model.safetensors", b"", "can't be loaded"),
        ("model.safetensors", b"\x80\x04K\x01.", "can't be loaded"),
        ("tokenizer.json", b"{}", "isn't a tokenizer"),
        ("config.json", b"[]", "not a JSON object"),
        ("config.json", b"{", "is not JSON"),
    ],
)
def test_files_that_are_not_what_they_are_called_are_refused(
    name: str, content: bytes, message: str, tmp_path: Path
) -> None:
    with pytest.raises(SubjectError, match=message):
        open_model(held(tmp_path, {**tiny(), name: content}))


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ({"classes": ["a"]}, "at least two"),
        ({"classes": ["a", "b"], "pooling": "max"}, "pooling"),
        ({"classes": ["a", "b"], "normalize": True}, "unknown key 'normalize'"),
        ({"classes": ["a", "b", "c"]}, "belong to head.json"),
        ({"classes": ["a", "b"], "max_tokens": "all"}, "max_tokens"),
    ],
)
def test_a_head_that_contradicts_its_weights_is_refused(head: Any, message: str, tmp_path: Path) -> None:
    files = head_files(["a", "b"], np.ones((2, 8)), np.zeros(2)) | {"head.json": json.dumps(head).encode()}
    encoder = tiny(architectures=["BertModel"])
    with pytest.raises(SubjectError, match=message):
        open_model(held(tmp_path, {**encoder, **files}))


def test_a_head_of_another_width_is_refused(tmp_path: Path) -> None:
    files = head_files(["a", "b"], np.ones((2, 9)), np.zeros(2))
    with pytest.raises(SubjectError, match="take embeddings of 9 numbers, and the encoder gives 8"):
        open_model(held(tmp_path, {**tiny(architectures=["BertModel"]), **files}))
