"""Who a harsh word is said of, and what keeps it from being an insult."""

import sys

import pytest

from evaluators.generative.insults import lists, toxicity


@pytest.mark.parametrize(
    "text",
    [
        "She is ugly.",
        "The woman at the counter is a pig.",
        "Most of them are liars.",
        "People who live there are trash.",
        "Are you really this dense?",
        "You lazy pig.",
        "What a spineless man.",
        "Pathetic little man!",
        "A weasel like you should leave.",
        "I find him disgusting.",
        "He is a cheating, two-timing snake.",
        "Your plan is trash, and so are you.",
        "You're nothing but a coward.",
        "You are the dullest person here.",
        "Thank you. Here is the letter. You are an idiot.",
    ],
)
def test_a_harsh_word_said_of_a_person_is_an_insult(text: str) -> None:
    assert toxicity(text)


@pytest.mark.parametrize(
    "text",
    [
        "The printer is stupid.",
        "He made a stupid mistake.",
        "The kitchen of my neighbour is filthy.",
        "You are not stupid.",
        "Nobody is a loser here.",
        "I was an idiot.",
        "I feel worthless.",
        "He was called an idiot, and it hurt him.",
        'She read the word "idiot" on the wall.',
        "The fool in the play tells the truth.",
        "Pigs are animals.",
        "The dirty laundry is in the basket.",
        "That was a stupid idea.",
        "My dog is lazy.",
    ],
)
def test_what_is_denied_quoted_told_or_said_of_a_thing_or_of_oneself_insults_nobody(text: str) -> None:
    assert not toxicity(text)


@pytest.mark.parametrize(
    "text",
    [
        "Shut up.",
        "I hope you fail.",
        "I've met doorknobs with more brains than you.",
        "He couldn't find his own nose with both hands.",
        "Nobody asked you.",
        "Those people never wash.",
    ],
)
def test_contempt_needs_no_harsh_word(text: str) -> None:
    assert toxicity(text)


def test_forms_of_a_word_are_known() -> None:
    table = lists()
    assert {"idiot", "idiots", "busybodies", "weaklings"} <= table["insults"]
    assert {"dumber", "dumbest", "uglier", "laziest", "fattest", "vilest"} <= table["degrees"]


def test_curly_quotes_and_letter_case_change_nothing() -> None:
    assert toxicity("You’re an IDIOT.")
    assert not toxicity("She read “idiot” on the wall.")


@pytest.mark.parametrize("seed", ["as stupid as ", "you ", "they , and a ", "nothing but a ", "a pig ", "a b you are "])
def test_a_sentence_without_an_end_takes_time_in_proportion(seed: str) -> None:
    """Each harsh word looks only so far around it: the same calls for every repetition."""

    def steps(n: int) -> int:
        count = 0

        def seen(_frame: object, event: str, _arg: object) -> None:
            nonlocal count
            count += event in ("call", "c_call")

        sys.setprofile(seen)
        try:
            toxicity(seed * n)
        finally:
            sys.setprofile(None)
        return count

    steps(1)
    assert steps(400) < 5 * steps(100) + 100
