"""Fifteen ways in which images go bad, each in five severities, after Hendrycks and Dietterich (2019).

Written for small grey or colour images; strengths are those usual for 32 pixels a side, and lengths grow with the side
beyond that. Each takes images (n, channels, height, width) from 0 to 1, a severity from 1 and one generator per image.
"""

from collections.abc import Callable, Mapping

import numpy as np

from evaluators.arithmetic.counts import FloatArray
from evaluators.robustness import pictures
from evaluators.robustness.compressed import jpeg
from evaluators.robustness.pictures import Generators

SEVERITIES = (1, 2, 3, 4, 5)
USUAL_SIDE = 32
Corruption = Callable[[FloatArray, int, Generators], FloatArray]


def corrupted(name: str, images: FloatArray, severity: int, rngs: Generators) -> FloatArray:
    """The images after one corruption, within 0 and 1. Severity 0 leaves them as they are."""
    if severity == 0:
        return images.copy()
    return np.clip(CORRUPTIONS[name](images, severity - 1, rngs), 0.0, 1.0)


def _longer(images: FloatArray) -> float:
    return float(max(1.0, min(images.shape[2:]) / USUAL_SIDE))


def gaussian_noise(images: FloatArray, s: int, rngs: Generators) -> FloatArray:
    return images + (0.04, 0.06, 0.08, 0.09, 0.10)[s] * pictures.normals(images, rngs)


def shot_noise(images: FloatArray, s: int, rngs: Generators) -> FloatArray:
    """Counts of light: the darker, the coarser."""
    light = (500, 250, 100, 75, 50)[s]
    return np.stack([rng.poisson(image * light) / light for image, rng in zip(images, rngs, strict=True)])


def impulse_noise(images: FloatArray, s: int, rngs: Generators) -> FloatArray:
    """Some pixels go black, as many go white."""
    share, drawn = (0.01, 0.02, 0.03, 0.05, 0.07)[s], pictures.uniforms(images, rngs)
    return np.where(drawn < share / 2, 0.0, np.where(drawn > 1 - share / 2, 1.0, images))


def defocus_blur(images: FloatArray, s: int, rngs: Generators) -> FloatArray:
    return pictures.blurred(images, pictures.disk((0.6, 0.8, 1.0, 1.4, 1.8)[s] * _longer(images)))


def glass_blur(images: FloatArray, s: int, rngs: Generators) -> FloatArray:
    """Every pixel is taken from a random place beside it, then blurred."""
    reach, spread = (0.5, 0.75, 1.0, 1.25, 1.5)[s] * _longer(images), (0.3, 0.35, 0.4, 0.45, 0.5)[s]
    rows, columns = pictures.grid(images)
    shift = reach * (2 * np.stack([rng.uniform(size=(2, *images.shape[2:])) for rng in rngs]) - 1)
    moved = pictures.sampled(images, rows + shift[:, 0], columns + shift[:, 1])
    return pictures.blurred(moved, pictures.bell(spread))


def motion_blur(images: FloatArray, s: int, rngs: Generators) -> FloatArray:
    angle = pictures.angles(rngs, -45, 45)
    return pictures.streaked(images, angle, (0.6, 1.0, 1.4, 1.8, 2.2)[s] * _longer(images))


def zoom_blur(images: FloatArray, s: int, rngs: Generators) -> FloatArray:
    """The mean of the image at growing sizes."""
    rows, columns = pictures.grid(images)
    middle = (images.shape[2] - 1) / 2, (images.shape[3] - 1) / 2
    factors = np.linspace(1.0, (1.06, 1.11, 1.16, 1.21, 1.26)[s], 6)
    views = [
        pictures.sampled(images, middle[0] + (rows - middle[0]) / f, middle[1] + (columns - middle[1]) / f)
        for f in factors
    ]
    return np.asarray(np.mean(views, axis=0))


def snow(images: FloatArray, s: int, rngs: Generators) -> FloatArray:
    """Streaks of flakes over an image that pales."""
    share, pale = (0.03, 0.05, 0.07, 0.09, 0.12)[s], (0.1, 0.15, 0.2, 0.25, 0.3)[s]
    drawn = pictures.uniforms(images[:, :1], rngs)
    flakes = pictures.streaked((drawn < share).astype(float), pictures.angles(rngs, 45, 135), 0.5 * _longer(images))
    return (1 - pale) * images + pale * np.maximum(images, 0.5 + 0.5 * images) + flakes


def frost(images: FloatArray, s: int, rngs: Generators) -> FloatArray:
    """A bright crust with ridges, drawn and not photographed."""
    crust = (0.2, 0.3, 0.4, 0.5, 0.6)[s]
    ridges = 1 - np.abs(2 * pictures.clouds(images, rngs, power=1.0) - 1)
    return (1 - crust) * images + crust * ridges


def fog(images: FloatArray, s: int, rngs: Generators) -> FloatArray:
    thick = (0.2, 0.4, 0.6, 0.8, 1.0)[s]
    return (images + thick * pictures.clouds(images, rngs, power=1.5)) / (1 + thick)


def brightness(images: FloatArray, s: int, rngs: Generators) -> FloatArray:
    return images + (0.05, 0.1, 0.15, 0.2, 0.3)[s]


def contrast(images: FloatArray, s: int, rngs: Generators) -> FloatArray:
    mean = images.mean(axis=(1, 2, 3), keepdims=True)
    return np.asarray(mean + (0.75, 0.5, 0.4, 0.3, 0.15)[s] * (images - mean))


def elastic(images: FloatArray, s: int, rngs: Generators) -> FloatArray:
    """Pixels are dragged along a smooth field."""
    drag = (0.02, 0.035, 0.05, 0.065, 0.08)[s] * min(images.shape[2:]) * 2
    rows, columns = pictures.grid(images)
    down = drag * (2 * pictures.clouds(images, rngs, power=2.0)[:, 0] - 1)
    across = drag * (2 * pictures.clouds(images, rngs, power=2.0)[:, 0] - 1)
    return pictures.sampled(images, rows + down, columns + across)


def pixelate(images: FloatArray, s: int, rngs: Generators) -> FloatArray:
    """Averaged into coarser pixels."""
    share, out = (0.88, 0.76, 0.64, 0.52, 0.4)[s], images
    for axis in (2, 3):
        side = images.shape[axis]
        cell = np.arange(side) * max(1, round(share * side)) // side
        joint = (cell[:, None] == cell[None, :]).astype(float)
        out = np.moveaxis(np.moveaxis(out, axis, -1) @ (joint / joint.sum(axis=1, keepdims=True)).T, -1, axis)
    return out


def jpeg_compression(images: FloatArray, s: int, rngs: Generators) -> FloatArray:
    return jpeg(images, quality=(80, 65, 58, 50, 40)[s])


CORRUPTIONS: Mapping[str, Corruption] = {
    "gaussian_noise": gaussian_noise,
    "shot_noise": shot_noise,
    "impulse_noise": impulse_noise,
    "defocus_blur": defocus_blur,
    "glass_blur": glass_blur,
    "motion_blur": motion_blur,
    "zoom_blur": zoom_blur,
    "snow": snow,
    "frost": frost,
    "fog": fog,
    "brightness": brightness,
    "contrast": contrast,
    "elastic": elastic,
    "pixelate": pixelate,
    "jpeg_compression": jpeg_compression,
}
