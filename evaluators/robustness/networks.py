"""The inside of a model: logits and gradients per row, as batched tensors on a device."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from evaluators.arithmetic.counts import FloatArray, IntArray
from evaluators.devices import in_batches
from evaluators.libraries import library
from evaluators.models.model import BadOutput, Model
from evaluators.robustness.converted import as_network

Loss = Callable[[Any, Any], Any]


@dataclass
class Network:
    """A torch module in evaluation mode. Rows go in flat, (n, d), and come out as logits, (n, K).

    In evaluation mode no layer mixes the rows of a batch, so the gradient of a sum of losses is each row's own.
    """

    module: Any
    shape: tuple[int, ...]
    device: str
    dtype: Any
    batch: int = 256
    queries: int = 0
    gradients: int = 0
    # The model this is the inside of, where it is: what is asked here is asked of it.
    model: Model | None = None

    def tensor(self, rows: FloatArray) -> Any:
        """Rows as this network takes them."""
        return library("torch").as_tensor(np.ascontiguousarray(rows), dtype=self.dtype, device=self.device)

    def codes(self, labels: IntArray) -> Any:
        return library("torch").as_tensor(np.ascontiguousarray(labels), device=self.device)

    def logits(self, rows: Any) -> Any:
        """Logits without gradients. Raises BadOutput if one isn't finite."""
        torch = library("torch")
        self.queries += len(rows)
        if self.model is not None:
            self.model.queries += len(rows)

        def ask(part: Any) -> Any:
            with torch.inference_mode():
                return self._forward(part)

        parts, self.batch = in_batches(ask, rows, size=self.batch)
        return torch.cat(parts).clone()

    def ascent(self, rows: Any, labels: Any, loss: Loss) -> tuple[Any, Any, Any]:
        """Per row: the loss, its gradient with respect to the row, and the logits."""
        torch = library("torch")
        self.gradients += len(rows)

        def ask(which: Any) -> tuple[Any, Any, Any]:
            part = rows[which].detach().clone().requires_grad_(True)
            out = self._forward(part)
            values = loss(out, labels[which])
            slope = _slope(values.sum(), part)
            return values.detach(), slope, out.detach()

        parts, self.batch = in_batches(ask, torch.arange(len(rows), device=self.device), size=self.batch)
        values, slopes, outs = (torch.cat([part[i] for part in parts]) for i in range(3))
        return values, slopes, outs

    def labels(self, rows: Any) -> Any:
        return self.logits(rows).argmax(dim=1)

    def _forward(self, part: Any) -> Any:
        out = self.module(part.reshape(len(part), *self.shape))
        if not bool(library("torch").isfinite(out).all()):
            raise BadOutput("the network's answer to a perturbed input is not finite")
        return out


def _slope(total: Any, rows: Any) -> Any:
    """The gradient; where no way leads from the rows to the loss, or to no number, a slope that leads nowhere."""
    torch = library("torch")
    if not total.requires_grad:
        return torch.zeros_like(rows)
    (slope,) = torch.autograd.grad(total, rows, allow_unused=True)
    return torch.zeros_like(rows) if slope is None else torch.nan_to_num(slope)


def open_network(model: Model, *, device: str, width: int) -> Network | None:
    """The network of a model, or None if it can only be asked. Estimators that are networks in substance become one."""
    module = model.network if model.network is not None else as_network(model.estimator)
    if module is None:
        return None
    torch = library("torch")
    where = model.device if model.network is not None else device
    module = module.to(where).eval()
    for parameter in module.parameters():
        parameter.requires_grad_(False)
    dtype = next((item.dtype for item in module.parameters() if item.is_floating_point()), torch.float32)
    return Network(module, model.shape or (width,), where, dtype, batch=min(model.batch, 1_024), model=model)
