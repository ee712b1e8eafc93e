"""A text encoder with a head, in torch: tokens, pooled embeddings, logits."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.contract import Json, SubjectError
from evaluators.libraries import library

# Tokens in one forward pass: texts of one length share a pass, so short ones don't pay for long ones.
TOKENS_AT_ONCE = 8_192
MEAN, FIRST = "mean", "cls"


@dataclass
class TextNetwork:
    """A transformer and its tokenizer. What is cut off at `max_tokens` is counted in `facts`."""

    module: Any
    tokenizer: Any
    max_tokens: int
    device: str
    pad: int
    pooling: str = MEAN
    is_normalised: bool = False
    facts: Json = field(default_factory=dict)

    def embed(self, texts: Sequence[str]) -> FloatArray:
        """Pooled hidden states (n, d)."""
        return self._run(texts, self._pooled)

    def classify(self, texts: Sequence[str]) -> FloatArray:
        """Logits (n, K) of a classification architecture."""
        return self._run(texts, lambda batch: self.module(**batch).logits)

    def _run(self, texts: Sequence[str], function: Any) -> FloatArray:
        torch = library("torch")
        with _PlainErrors():
            encodings = self.tokenizer.encode_batch(list(texts))
        cut = sum(bool(encoding.overflowing) for encoding in encodings)
        self.facts["texts_cut"] = self.facts.get("texts_cut", 0) + cut
        order = sorted(range(len(encodings)), key=lambda i: len(encodings[i].ids))
        found: dict[int, Any] = {}
        with torch.inference_mode():
            while order:
                part = _fitting(order, encodings)
                order = order[len(part) :]
                output = function(self._tensors([encodings[i] for i in part]))
                found |= dict(zip(part, output.float().cpu().numpy().astype(np.float64), strict=True))
        return np.stack([found[i] for i in range(len(encodings))])

    def _tensors(self, encodings: Sequence[Any]) -> dict[str, Any]:
        torch = library("torch")
        shape = (len(encodings), max(len(encoding.ids) for encoding in encodings))
        batch = {"input_ids": np.full(shape, self.pad), "attention_mask": np.zeros(shape, dtype=np.int64)}
        if getattr(self.module.config, "type_vocab_size", 0) > 1:
            batch["token_type_ids"] = np.zeros(shape, dtype=np.int64)
        for row, encoding in enumerate(encodings):
            length = len(encoding.ids)
            batch["input_ids"][row, :length] = encoding.ids
            batch["attention_mask"][row, :length] = 1
            if "token_type_ids" in batch:
                batch["token_type_ids"][row, :length] = encoding.type_ids
        return {name: torch.from_numpy(values).to(self.device) for name, values in batch.items()}

    def _pooled(self, batch: dict[str, Any]) -> Any:
        hidden = self.module(**batch).last_hidden_state
        if self.pooling == FIRST:
            pooled = hidden[:, 0]
        else:
            mask = batch["attention_mask"].unsqueeze(-1).to(hidden.dtype)
            pooled = (hidden * mask).sum(dim=1) / mask.sum(dim=1)
        return library("torch").nn.functional.normalize(pooled, dim=1) if self.is_normalised else pooled

    def word_vectors(self) -> tuple[list[str], FloatArray]:
        """The vocabulary in the order of its ids and the input embedding of each (V, d)."""
        weights = self.module.get_input_embeddings().weight.detach().float().cpu().numpy().astype(np.float64)
        return [self.tokenizer.id_to_token(i) or "" for i in range(len(weights))], weights


class _PlainErrors:
    """Makes a sentence of the bare Exception that tokenizers raises for words it has no piece for; no other error."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _trace: object) -> None:
        if kind is Exception:
            raise SubjectError(f"tokenizer.json: can't take a text apart ({str(error)[:120]})") from error


def _fitting(order: Sequence[int], encodings: Sequence[Any]) -> list[int]:
    """The longest run from the front whose padded size stays within TOKENS_AT_ONCE; at least one."""
    part = [order[0]]
    for i in order[1:]:
        if (len(part) + 1) * len(encodings[i].ids) > TOKENS_AT_ONCE:
            break
        part.append(i)
    return part
