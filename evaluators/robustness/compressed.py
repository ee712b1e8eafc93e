"""What JPEG loses: cosine coefficients of 8x8 blocks, rounded to the steps of the standard's luminance table."""

import numpy as np

from evaluators.arithmetic.counts import FloatArray

SIDE = 8
# ITU-T T.81, table K.1.
STEPS = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ],
    dtype=np.float64,
)


def cosines() -> FloatArray:
    """The orthonormal matrix of the discrete cosine transform of 8 values."""
    k, i = np.mgrid[0:SIDE, 0:SIDE]
    matrix = np.sqrt(2 / SIDE) * np.cos(np.pi * (2 * i + 1) * k / (2 * SIDE))
    matrix[0] /= np.sqrt(2)
    return np.asarray(matrix)


def jpeg(images: FloatArray, *, quality: int) -> FloatArray:
    """Images (n, channels, height, width) from 0 to 1 after rounding, each channel as if it were grey."""
    n, channels, height, width = images.shape
    pad = ((0, 0), (0, 0), (0, -height % SIDE), (0, -width % SIDE))
    padded = np.pad(images, pad, mode="edge") * 255 - 128
    tall, wide = (side // SIDE for side in padded.shape[2:])
    blocks = padded.reshape(n, channels, tall, SIDE, wide, SIDE).swapaxes(3, 4)
    matrix, steps = cosines(), _steps(quality)
    rounded = np.round(matrix @ blocks @ matrix.T / steps) * steps
    back = (matrix.T @ rounded @ matrix).swapaxes(3, 4).reshape(padded.shape)
    return np.asarray((back[:, :, :height, :width] + 128) / 255)


def _steps(quality: int) -> FloatArray:
    """The table for a quality from 1 to 100, scaled as the reference encoder does."""
    scale = 5_000 / quality if quality < 50 else 200 - 2 * quality
    return np.floor((STEPS * scale + 50) / 100).clip(1, 255)
