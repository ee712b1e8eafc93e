"""What the rules for personal data find, and what they leave alone."""

import random
import sys

import pytest

from evaluators.language.pii import KINDS, RULES, find, hidden, masked
from evaluators.language.pii_checks import card, iban, luhn
from evaluators.language.wording import shortened

FOUND = {
    "email": ["jane.doe@example.org", "j_d+tag@mail.example.co.uk", "jürgen@münchen.de"],
    "iban": ["GB82 WEST 1234 5698 7654 32", "DE89 3704 0044 0532 0130 00", "de89370400440532013000"],
    "card": ["4111 1111 1111 1111", "5500-0000-0000-0004", "378282246310005", "6011000990139424"],
    "us_ssn": ["123-45-6789", "219 09 9999"],
    "uk_nino": ["AB 12 34 56 C", "JG103759A"],
    "ip": ["192.168.1.10", "8.8.8.8", "2001:db8::1", "fe80:0:0:0:0:0:0:1"],
    "mac": ["00:1A:2b:3c:4d:5e", "00-1A-2B-3C-4D-5E"],
    "phone": ["+49 30 901820", "(415) 555-2671", "415-555-2671", "020 7946 0958", "+1 415 555 2671", "0049 30 901820"],
    "address": ["47 Oakwood Avenue", "120 West 45th Street", "Hauptstraße 12", "8 rue de la Paix", "CB1 2JB"],
    "profile": ["instagram.com/lena.fischer"],
}
# What is personal only for the words before it.
ANNOUNCED = [
    ("phone", "Call Rosa on {}.", "91 411 1111"),
    ("phone", "Telephone {}, evenings only.", "555-0199"),
    ("phone", "Ring me: {}", "five five five, zero one nine eight"),
    ("email", "Write to {}.", "maria dot lopez at example dot com"),
    ("email", "Write to {}.", "a.said[at]example.org"),
    ("birth", "Born in Leeds on {}, she sings.", "4 March 1981"),
    ("birth", "DOB {}", "03/04/1979"),
    ("number", "Passport no. {} was lost.", "K12345678"),
    ("number", "Her tax number: {}", "12/345/67890"),
    ("profile", "Her user name is {}.", "lena_92"),
    ("profile", "Username: {}", "lena_miller"),
    ("profile", "skype is {}", "lena_miller"),
    ("phone", "my phone is {}", "two four six eight two four six"),
    ("health", "{} since May", "Mrs Jane Miller has diabetes"),
]
LEFT_ALONE = [
    "2024-01-02",
    "01-02-2020",
    "12:30:45",
    "v1.2.3.4",
    "version 10.0.0.1",
    "1,234,567.89",
    "3.14159265358979",
    "4111 1111 1111 1112",
    "1234567890123456",
    "0000 0000 0000 0000",
    "GB82 WEST 1234 5698 7654 33",
    "DE89 3704 0044 0532 0130 01",
    "000-12-3456",
    "666-12-3456",
    "912-12-3456",
    "123-00-4567",
    "127.0.0.1",
    "255.255.255.0",
    "300.1.2.3",
    "@handle",
    "a@b",
    "x = a[1:2]",
    "555-2671",
    "0000-0000-0000",
    "section 4.2.1.7",
    "nineteen people at six",
    "one two three four five six seven eight",
    "a call at 10 000 000 homes",
    "Napoleon, born on 15 August 1769,",
    "a tax of 12 345",
    "order ID 55-2020-1187",
    "Baker Street",
    "in 12 streets",
    "",
]
CASES = [(kind, text) for kind in sorted(FOUND) for text in FOUND[kind]]


@pytest.mark.verification
@pytest.mark.parametrize(
    ("number", "valid"), [("79927398713", True), ("79927398710", False), ("4111111111111111", True)]
)
def test_luhn(number: str, valid: bool) -> None:
    assert luhn(number) is valid


@pytest.mark.verification
@pytest.mark.parametrize("number", ["GB82 WEST 1234 5698 7654 32", "DE89 3704 0044 0532 0130 00"])
def test_an_account_number_holds_modulo_97_and_no_other_last_digit_does(number: str) -> None:
    assert iban(number)
    assert [digit for digit in "0123456789" if iban(number[:-1] + digit)] == [number[-1]]


def test_every_change_of_one_digit_breaks_a_card_number() -> None:
    number = "4111111111111111"
    changed = [
        number[:i] + str((int(number[i]) + step) % 10) + number[i + 1 :] for i in range(16) for step in range(1, 10)
    ]
    assert not any(card(text) for text in changed)


@pytest.mark.parametrize(("kind", "text"), CASES)
@pytest.mark.parametrize("around", ["{}", "see {} there", "({}),", "\n{}\n", "ä „{}“ 中文"])
def test_what_is_personal_is_found_whole_and_by_its_kind(kind: str, text: str, around: str) -> None:
    whole = around.format(text)
    start = whole.index(text)
    assert [(item.kind, item.start, item.end) for item in find(whole)] == [(kind, start, start + len(text))]


@pytest.mark.parametrize(("kind", "around", "text"), ANNOUNCED)
def test_what_is_personal_for_the_words_before_it_is_found_with_them_alone(kind: str, around: str, text: str) -> None:
    whole = around.format(text)
    start = whole.index(text)
    found = [(item.kind, whole[item.start : item.end].rstrip(" ,")) for item in find(whole)]
    assert found == [(kind, text)]
    assert find(whole)[0].start == start


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_what_only_looks_personal_is_left_alone(text: str) -> None:
    assert find(f"the value {text} here") == []


@pytest.mark.verification
def test_recall_and_precision_on_a_planted_set() -> None:
    """Per kind: every planted one found; and of what is found, how much was planted."""
    rng = random.Random(0)
    planted = [(kind, f"Note {rng.randint(1, 99)}: {text}, filed.") for kind, text in CASES for _ in range(5)]
    harmless = [f"Note {rng.randint(1, 99)}: {text} filed." for text in LEFT_ALONE for _ in range(5)]
    found = [[item.kind for item in find(text)] for _, text in planted]
    noise = [item.kind for text in harmless for item in find(text)]
    for kind in FOUND:
        mine = [kinds for (which, _), kinds in zip(planted, found, strict=True) if which == kind]
        recall = sum(kind in kinds for kinds in mine) / len(mine)
        claimed = sum(kinds.count(kind) for kinds in found) + noise.count(kind)
        assert (kind, recall, len(mine) / claimed) == (kind, 1.0, 1.0)


@pytest.mark.parametrize("around", ["{} 12/25", "{} 123", "12 {}", "2024 10 {} 99 1", "1-2 {}-12", "{} {}"])
@pytest.mark.parametrize("number", ["4111 1111 1111 1111", "4111111111111111", "3782-822463-10005"])
def test_a_card_number_is_found_among_other_numbers(around: str, number: str) -> None:
    whole = around.replace("{}", number)
    found = [(item.kind, whole[item.start : item.end]) for item in find(whole)]
    assert found == [("card", number)] * around.count("{}")


def test_looking_for_cards_among_many_digits_takes_time_in_proportion_to_them() -> None:
    assert find("1 " * 50_000) == find("12 345 " * 20_000) == []


def test_what_is_personal_in_a_text_is_hidden_and_the_rest_is_not() -> None:
    assert hidden("jane.doe@example.org paid 4111 1111 1111 1111 12/25, 3 times") == (
        "xxxx.xxx@xxxxxxx.xxx paid 9999 9999 9999 9999 12/25, 3 times"
    )
    assert hidden("nothing here") == "nothing here"
    # A cut through a number must not keep it from being known.
    assert shortened("x" * 150 + " 4111 1111 1111 1111") == "x" * 150 + " 9999 999…"


def test_a_mask_shows_the_shape_and_no_letter_or_digit_of_the_value() -> None:
    text = "write to jane.doe@example.org or +49 30 901820"
    first, second = find(text)
    assert masked(text, first) == "xxxx.xxx@xxxxxxx.xxx"
    assert masked(text, second) == "+99 99 999999"


def test_only_the_kinds_asked_for_are_looked_for() -> None:
    assert find("jane@example.org 8.8.8.8", frozenset({"ip"}))[0].kind == "ip"


def test_several_in_one_text_come_in_their_order() -> None:
    text = "8.8.8.8 jane@example.org 123-45-6789"
    assert [item.kind for item in find(text)] == ["ip", "email", "us_ssn"]


def test_no_rule_takes_long_over_a_text_made_to_slow_it() -> None:
    """Each text repeats what a rule could backtrack over; a rule that did would not come back at all."""
    for seed in [
        "1 ",
        "a",
        "1.2.",
        "(0",
        "ab:",
        "+1 ",
        "A1 ",
        "a@",
        "a.",
        "-1",
        "AB 12 ",
        "born ",
        "A dot ",
        "Mr A ",
        "12 A ",
        "one ",
        "id 1 ",
    ]:
        assert isinstance(find(seed * 20_000 + "@"), list)
    assert {rule.kind for rule in RULES} == set(KINDS)


def test_a_cell_with_thousands_of_findings_takes_time_in_proportion() -> None:
    """Each finding was once compared with all before it: four times the text took sixteen times as long."""

    def steps(n: int) -> int:
        count = 0

        def seen(_frame: object, event: str, _arg: object) -> None:
            nonlocal count
            count += event == "call"

        sys.setprofile(seen)
        try:
            assert len(find("a@b.co " * n)) == n
        finally:
            sys.setprofile(None)
        return count

    assert steps(800) < 5 * steps(200)
