"""Numbers of JSON that every reader holds alike."""

import math

LARGEST = 2**53 - 1


def finite(text: str) -> float:
    """The number. ValueError for one that is beyond every float."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:20]} is beyond what a number can hold")
    return number


def exact(text: str) -> int:
    """The whole number. ValueError for one that some readers would round."""
    number = int(text)
    if abs(number) > LARGEST:
        raise ValueError(f"{text[:20]}… is beyond what every reader of JSON can hold exactly")
    return number
