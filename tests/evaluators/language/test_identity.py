import pytest

from evaluators.contract import ParameterError
from evaluators.language.identity import SETS, lists, vocabulary
from evaluators.language.wording import cased, exchanged, words


def swapped(text: str, *sets: str) -> dict[str, str]:
    return {swap.target: swap.text for swap in vocabulary(sets or SETS).swaps(text)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("He told his wife.", "She told her husband."),
        ("She told her husband.", "He told his wife."),
        ("I saw her yesterday", "I saw him yesterday"),
        ("The book is his.", "The book is hers."),
        ("the book is hers", "the book is his"),
        ("HE LOST HIS KEYS", "SHE LOST HER KEYS"),
        ("James's brother and the man's dog", "James's sister and the woman's dog"),
        ("Mr. Smith's sons", "Ms. Smith's daughters"),
        ("A man, an actress", "A woman, an actor"),
        ("“He’s here,” said the lady", "“She’s here,” said the gentleman"),
    ],
)
def test_gendered_words_change_places_with_case_and_number_kept(text: str, expected: str) -> None:
    assert vocabulary(["gender"]).swaps(text)[0].text == expected


def test_articles_agree_with_the_word_that_comes_in() -> None:
    found = swapped("An American met a Pole.", "nationality")
    assert found["nigerian"] == "A Nigerian met a Pole."
    assert swapped("She is a Christian.", "religion")["atheist"] == "She is an atheist."


def test_every_other_group_of_the_set_takes_the_place_of_the_one_that_is_named() -> None:
    assert set(swapped("a Muslim", "religion")) == {"christian", "jewish", "hindu", "buddhist", "atheist"}
    assert swapped("nobody in particular") == {}


def test_two_groups_in_one_text_change_places() -> None:
    found = vocabulary(["religion"]).swaps("The Christian thanked the Muslim.")
    assert "The Muslim thanked the Christian." in [swap.text for swap in found]
    assert all(len(swap.changed) >= 1 for swap in found)


def test_words_in_words_and_emoji_stay() -> None:
    assert swapped("The manager's sonata 🎉 herbal shed mannequin", "gender") == {}
    assert vocabulary(["gender"]).swaps("🎉 her 🎉")[0].text == "🎉 him 🎉"


def test_own_pairs_are_a_set_of_their_own() -> None:
    assert vocabulary([], ["nurse/doctor"]).swaps("An old nurse")[0].text == "An old doctor"
    with pytest.raises(ParameterError, match="nurse/doctor"):
        vocabulary([], ["a b/c"])


@pytest.mark.parametrize("name", SETS)
def test_rows_of_a_set_have_one_word_per_group(name: str) -> None:
    table = lists()[name]
    assert {len(row) for row in table["rows"]} == {len(table["columns"])}
    assert all(len(words(word)) == 1 for row in table["rows"] for word in row)


def test_words_are_found_where_they_stand() -> None:
    text = "naïve café, rock-and-roll isn't John's 42 🎉 東京"
    found = words(text)
    assert [word.text for word in found] == ["naïve", "café", "rock-and-roll", "isn't", "John", "東京"]
    assert all(text[word.start : word.end] == word.text for word in found)
    assert exchanged(text, found, {}) == text


@pytest.mark.parametrize(
    ("like", "expected"), [("WORD", "THING"), ("Word", "Thing"), ("word", "thing"), ("I", "Thing")]
)
def test_case_follows_the_word_that_goes(like: str, expected: str) -> None:
    assert cased(like, "thing") == expected
