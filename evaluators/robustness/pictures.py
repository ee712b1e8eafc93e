"""Arithmetic on stacks of small images (n, channels, height, width), values from 0 to 1."""

from collections.abc import Sequence

import numpy as np

from evaluators.arithmetic.counts import FloatArray

Generators = Sequence[np.random.Generator]


def normals(images: FloatArray, rngs: Generators) -> FloatArray:
    """Standard normal draws, each image from its own generator."""
    return np.stack([rng.standard_normal(images.shape[1:]) for rng in rngs])


def uniforms(images: FloatArray, rngs: Generators) -> FloatArray:
    return np.stack([rng.uniform(size=images.shape[1:]) for rng in rngs])


def angles(rngs: Generators, low: float, high: float) -> FloatArray:
    """One angle per image, given in degrees."""
    return np.radians([rng.uniform(low, high) for rng in rngs])


def sampled(images: FloatArray, rows: FloatArray, columns: FloatArray) -> FloatArray:
    """Values at real coordinates (n, height, width), between pixels by straight lines, beyond the rim as at the rim."""
    height, width = images.shape[2:]
    y, x = rows.clip(0, height - 1), columns.clip(0, width - 1)
    top, left = np.floor(y).astype(np.int64), np.floor(x).astype(np.int64)
    below, right = np.minimum(top + 1, height - 1), np.minimum(left + 1, width - 1)
    down, across = (y - top)[:, None], (x - left)[:, None]
    above_ = _at(images, top, left) * (1 - across) + _at(images, top, right) * across
    below_ = _at(images, below, left) * (1 - across) + _at(images, below, right) * across
    return np.asarray(above_ * (1 - down) + below_ * down)


def grid(images: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The coordinates of every pixel, (1, height, width) each."""
    height, width = images.shape[2:]
    rows, columns = np.meshgrid(np.arange(height, dtype=float), np.arange(width, dtype=float), indexing="ij")
    return rows[None], columns[None]


def blurred(images: FloatArray, kernel: FloatArray) -> FloatArray:
    """Convolved with one odd-sized kernel, the rim repeated outwards."""
    reach = len(kernel) // 2
    padded = np.pad(images, ((0, 0), (0, 0), (reach, reach), (reach, reach)), mode="edge")
    height, width = images.shape[2:]
    total = np.zeros_like(images)
    for i, weights in enumerate(kernel):
        for j, weight in enumerate(weights):
            if weight:
                total += weight * padded[:, :, i : i + height, j : j + width]
    return total


def disk(radius: float) -> FloatArray:
    """A filled circle with a soft rim, adding up to 1."""
    reach = int(np.ceil(radius + 0.5))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    inside = (radius + 0.5 - np.hypot(y, x)).clip(0, 1)
    return np.asarray(inside / inside.sum())


def bell(spread: float) -> FloatArray:
    """A normal bell, adding up to 1."""
    reach = max(1, int(np.ceil(3 * spread)))
    line = np.exp(-0.5 * (np.arange(-reach, reach + 1) / spread) ** 2)
    return np.asarray(np.outer(line, line) / line.sum() ** 2)


def streaked(images: FloatArray, angle: FloatArray, spread: float) -> FloatArray:
    """Blurred along a line at an angle per image, with normal weights."""
    rows, columns = grid(images)
    offsets = np.linspace(-2 * spread, 2 * spread, 9)
    weights = np.exp(-0.5 * (offsets / spread) ** 2)
    total = np.zeros_like(images)
    for offset, weight in zip(offsets, weights / weights.sum(), strict=True):
        down, across = np.sin(angle)[:, None, None], np.cos(angle)[:, None, None]
        total += weight * sampled(images, rows + offset * down, columns + offset * across)
    return total


def clouds(images: FloatArray, rngs: Generators, *, power: float) -> FloatArray:
    """One field (n, 1, height, width) from 0 to 1 per image: noise whose amplitude falls with frequency to a power."""
    height, width = images.shape[2:]
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :])
    frequency[0, 0] = 1.0
    white = np.stack([rng.standard_normal((height, width)) for rng in rngs])
    field = np.fft.irfft2(np.fft.rfft2(white) / frequency**power, s=(height, width))
    low, high = field.min(axis=(1, 2), keepdims=True), field.max(axis=(1, 2), keepdims=True)
    return np.asarray((field - low) / np.maximum(high - low, 1e-12))[:, None]


def _at(images: FloatArray, rows: np.ndarray, columns: np.ndarray) -> FloatArray:
    """Pixels at whole coordinates (n, height, width)."""
    flat = (rows * images.shape[3] + columns).reshape(len(rows), 1, -1)
    n, channels, height, width = images.shape
    flat = np.broadcast_to(flat, (n, channels, height * width))
    return np.take_along_axis(images.reshape(n, channels, -1), flat, axis=2).reshape(images.shape)
