"""What a rule for personal data is, and what must hold of a match: lengths, number ranges and check digits.

Standard library only.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

IBAN_LENGTHS: Mapping[str, int] = {
    code: length
    for length, codes in {
        15: "NO",
        16: "BE",
        18: "DK FI FO GL NL SD",
        19: "MK SI",
        20: "AT BA EE KZ LT LU MN XK",
        21: "CH CR HR LI LV",
        22: "BG BH DE GB GE IE ME RS VA",
        23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST",
        26: "IS TR",
        27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HU LB NI PL SV",
        29: "BR EG PS QA UA",
        30: "JO KW MU",
        31: "MT SC",
        32: "LC",
    }.items()
    for code in codes.split()
}
IBAN_SHAPES = "|".join(rf"{code}\d\d(?: ?[A-Z0-9]){{{length - 4}}}" for code, length in IBAN_LENGTHS.items())
# First digits of a payment card's number, as a range, and the lengths such numbers have.
CARD_RANGES = (
    ("4", "4", (13, 16, 19)),
    ("51", "55", (16,)),
    ("2221", "2720", (16,)),
    ("34", "34", (15,)),
    ("37", "37", (15,)),
    ("6011", "6011", (16, 19)),
    ("644", "659", (16, 19)),
    ("3528", "3589", (16,)),
    ("300", "305", (14,)),
    ("36", "36", (14,)),
    ("38", "39", (14,)),
    ("62", "62", (16, 17, 18, 19)),
)
DATE = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}")
AMOUNT = re.compile(r"[1-9]\d{0,2}(?:[ .]\d{3})+")
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@dataclass(frozen=True)
class Rule:
    """A kind of personal data: what to look for, and what a match must hold true.

    Where the pattern has a group `value`, that alone is the finding, and the rest is what announces it.
    """

    kind: str
    title: str
    pattern: re.Pattern[str]
    holds: Callable[[str], bool]
    is_grouped: bool = False
    is_worded: bool = False


def luhn(digits: str) -> bool:
    """Whether the last digit is the Luhn check digit of those before it."""
    total = 0
    for i, digit in enumerate(reversed(digits)):
        double = int(digit) * (1 + i % 2)
        total += double - 9 * (double > 9)
    return total % 10 == 0


def iban(text: str) -> bool:
    """Whether a country's length and the remainder modulo 97 are those of an account number. Spaces don't count."""
    packed = text.replace(" ", "").upper()
    if IBAN_LENGTHS.get(packed[:2]) != len(packed) or not packed.isalnum() or not packed.isascii():
        return False
    return int("".join(str(int(letter, 36)) for letter in packed[4:] + packed[:4])) % 97 == 1


def card(text: str) -> bool:
    """Whether the digits begin and end as a payment card's number does, and its check digit fits."""
    digits = re.sub(r"\D", "", text)
    if len(set(digits)) < 2 or not luhn(digits):
        return False
    return any(low <= digits[: len(low)] <= high and len(digits) in lengths for low, high, lengths in CARD_RANGES)


def us_ssn(text: str) -> bool:
    """Whether area, group and serial lie in the ranges that are given out."""
    area, group, serial = re.split(r"[- ]", text)
    return area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"


def address(text: str) -> bool:
    """Whether it is an internet address that can belong to somebody's machine, not a mask or the machine itself."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return False
    return not (found.is_loopback or found.is_unspecified or found.is_multicast or text.startswith(("0.", "255.")))


def phone(text: str) -> bool:
    """Whether the number of digits is that of a telephone number, and it is no date."""
    digits = re.sub(r"\D", "", text)
    return 8 <= len(digits) <= 15 and len(set(digits)) > 1 and not DATE.fullmatch(text)


def announced_phone(text: str) -> bool:
    """Whether the digits after "call" or "phone" are a number to be called, and no date and no amount."""
    digits = sum(letter.isdigit() for letter in text)
    return 7 <= digits <= 15 and not DATE.fullmatch(text) and not AMOUNT.fullmatch(text)


def spelled(text: str) -> bool:
    """Whether the digits, written as words, are no counting up."""
    found = [DIGITS.index(word) for word in re.findall(r"[a-z]+", text.lower()) if word in DIGITS]
    return any(after != before + 1 for before, after in zip(found, found[1:], strict=False))


def birth(text: str) -> bool:
    """Whether somebody born on that date can be alive: the year is missing, short, or 1900 at the earliest."""
    year = re.search(r"\d{4}", text)
    return year is None or "1900" <= year.group() <= "2099"


def number(text: str) -> bool:
    """Whether a number of a document or account has four digits or more, and is no year."""
    digits = re.sub(r"\D", "", text)
    return len(digits) >= 4 and not re.fullmatch(r"(?:19|20)\d\d", text)


def anything(_text: str) -> bool:
    return True
