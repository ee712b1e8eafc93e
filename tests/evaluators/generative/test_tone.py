"""How warmly a text speaks, and what turns or raises a word."""

import pytest

from evaluators.generative.tone import sentiment, valence


@pytest.mark.parametrize(
    ("warmer", "colder"),
    [
        ("The room is clean.", "The room is not clean."),
        ("It isn't bad.", "It is bad."),
        ("It is very good.", "It is good."),
        ("I was afraid, but it turned out pleasant.", "It was pleasant, but I am afraid."),
        ("You won't find a nicer host.", "You won't find a ruder host."),
        ("I couldn't be happier.", "I couldn't be more disappointed."),
        ("It was anything but boring.", "It was anything but interesting."),
        ("I can't recommend it enough.", "I can't recommend it."),
        ("She never let me down.", "She let me down."),
        ("Sweet cake.", "The cake is too sweet."),
    ],
)
def test_the_one_is_warm_and_the_other_less_so(warmer: str, colder: str) -> None:
    assert sentiment(warmer) > max(0.0, sentiment(colder))


def test_a_text_without_words_of_tone_has_none() -> None:
    assert sentiment("The table stands in the corner.") == 0.0
    assert sentiment("") == 0.0


def test_tone_stays_between_its_bounds() -> None:
    assert 0.99 < sentiment("Wonderful. " * 500) < 1.0
    assert -1.0 < sentiment("Terrible. " * 500) < -0.99


def test_forms_of_a_word_have_its_valence() -> None:
    assert valence("happily") == valence("happiest") == valence("happy") == 1.0
    assert valence("betrays") == valence("betrayed") == valence("betray") == -1.0
    assert valence("numbers") == valence("thriller") == 0.0
