"""Compress a network in the house: weights of least magnitude set to 0, or everything rounded to eight bits."""

import copy
from collections.abc import Mapping
from typing import Any

from evaluators.contract import Json
from evaluators.libraries import library

VARIANTS: Mapping[str, float | None] = {"prune50": 0.5, "prune70": 0.7, "prune90": 0.9, "int8": None}
LEVELS = 127


def shrunk(network: Any, variant: str) -> Any:
    """A compressed copy of a torch module; the module itself stays as it is."""
    share = VARIANTS[variant]
    copied = copy.deepcopy(network).eval()
    return _rounded(copied) if share is None else _pruned(copied, share)


def weighted(network: Any) -> list[Any]:
    """The layers that multiply: those with a weight of two or more dimensions."""
    return [layer for layer in network.modules() if getattr(getattr(layer, "weight", None), "ndim", 0) >= 2]


def facts(network: Any, variant: str | None = None) -> Json:
    """How many numbers there are, how many are 0, and the bytes they take: one each where they are rounded."""
    tensors = [*network.parameters(), *network.buffers()]
    total = sum(tensor.numel() for tensor in tensors)
    zeros = sum(int((tensor == 0).sum()) for tensor in tensors)
    size = sum(tensor.numel() * tensor.element_size() for tensor in tensors)
    if variant == "int8":
        size -= sum(3 * layer.weight.numel() - 4 * layer.weight.shape[0] for layer in weighted(network))
    return {"numbers": total, "zeros": zeros, "bytes": size}


def _pruned(network: Any, share: float) -> Any:
    """The given share of all weights, over all layers, set to 0: least magnitude first, ties in order."""
    torch = library("torch")
    layers = weighted(network)
    with torch.no_grad():
        flat = torch.cat([layer.weight.detach().abs().flatten() for layer in layers])
        order = torch.argsort(flat, stable=True)[: int(share * len(flat))]
        keep = torch.ones(len(flat), dtype=flat.dtype, device=flat.device)
        keep[order] = 0
        start = 0
        for layer in layers:
            size = layer.weight.numel()
            layer.weight.mul_(keep[start : start + size].reshape(layer.weight.shape))
            start += size
    return network


def _rounded(network: Any) -> Any:
    """Weights rounded to eight bits per output channel; what flows into a layer rounded per row as it comes."""
    torch = library("torch")
    with torch.no_grad():
        for layer in weighted(network):
            weight = layer.weight
            weight.copy_(_steps(weight.flatten(1)).reshape(weight.shape))
            if weight.is_floating_point() and not isinstance(layer, torch.nn.Embedding):
                layer.register_forward_pre_hook(_round_inputs)
    return network


def _round_inputs(_layer: Any, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    first = inputs[0]
    return (_steps(first.flatten(1)).reshape(first.shape), *inputs[1:])


def _steps(rows: Any) -> Any:
    """Every row rounded to 255 steps around 0, each row on its own scale, so that no row depends on another."""
    scale = rows.abs().amax(dim=1, keepdim=True).clamp_min(1e-12) / LEVELS
    return (rows / scale).round() * scale
