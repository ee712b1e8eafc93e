"""Personal data in text, by pattern, number range and checksum. Standard library only; no network, no names of people.

Every pattern runs in time linear in the text. What a rule finds is where it is, never what it is: `masked` shows
the shape alone.
"""

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
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
# Numbers are written in a few groups; between them stand gaps. The shortest number of a card has 13 digits.
GAP = re.compile(r"[ -]")
MOST_GROUPS, FEWEST = 8, 13
DATE = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}")


@dataclass(frozen=True)
class Finding:
    """Where something personal stands: text[start:end] is of that kind."""

    kind: str
    start: int
    end: int


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
    digits = sum(letter.isdigit() for letter in text)
    return 8 <= digits <= 15 and not DATE.fullmatch(text)


def anything(_text: str) -> bool:
    return True


@dataclass(frozen=True)
class Rule:
    """A kind of personal data: what to look for, and what a match must hold true."""

    kind: str
    title: str
    pattern: re.Pattern[str]
    holds: Callable[[str], bool]
    is_grouped: bool = False


# In order of precedence: where two rules meet, the one named first wins.
RULES = (
    Rule(
        "email",
        "e-mail address",
        re.compile(r"(?<![\w.%+-])[\w.%+-]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,4}[^\W\d_]{2,24}(?![\w-])"),
        anything,
    ),
    Rule(
        "iban",
        "bank account (IBAN)",
        re.compile(rf"(?<![A-Za-z0-9])(?:{IBAN_SHAPES})(?![A-Za-z0-9])", re.IGNORECASE),
        iban,
    ),
    Rule(
        "card",
        "payment card",
        re.compile(r"(?<![\d.,+-])\d(?:[ -]?\d){12,18}(?![\d]|[.,]\d)"),
        card,
        is_grouped=True,
    ),
    Rule("us_ssn", "US social security number", re.compile(r"(?<![\d-])\d{3}([- ])\d{2}\1\d{4}(?![\d-])"), us_ssn),
    Rule(
        "uk_nino",
        "UK national insurance number",
        re.compile(
            r"(?<![A-Za-z0-9])(?!BG|GB|NK|KN|TN|NT|ZZ)"
            r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?(?:\d\d ?){3}[A-D](?![A-Za-z0-9])"
        ),
        anything,
    ),
    Rule(
        "ip",
        "internet address",
        re.compile(
            r"(?<![\w.:])(?<![Vv]ersion )"
            r"(?:(?:\d{1,3}\.){3}\d{1,3}|(?=[0-9A-Fa-f]*:)[0-9A-Fa-f:]{6,39})(?![\w:]|\.\d)"
        ),
        address,
    ),
    Rule(
        "mac",
        "hardware address",
        re.compile(r"(?<![\w:-])[0-9A-Fa-f]{2}(?:([:-])[0-9A-Fa-f]{2})(?:\1[0-9A-Fa-f]{2}){4}(?![\w:-])"),
        anything,
    ),
    Rule(
        "phone",
        "telephone number",
        re.compile(
            r"(?<![\w.+-])(?<!\d[ -])(?:"
            r"(?:\+|00)[1-9]\d{0,2}(?:[ ./-]?(?:\d{1,5}|\(\d{1,5}\))){2,5}"
            r"|(?:1[ .-])?(?:\([2-9]\d\d\) ?|[2-9]\d\d[ .-])[2-9]\d\d[ .-]\d{4}"
            r"|(?:0\d{2,4}|\(0\d{2,4}\))[ /-]\d{3,8}(?:[ -]\d{2,6}){0,2}"
            r")(?![\w]|[.-]\d)"
        ),
        phone,
    ),
)
KINDS = tuple(rule.kind for rule in RULES)
TITLES: Mapping[str, str] = {rule.kind: rule.title for rule in RULES}


def find(text: str, kinds: frozenset[str] | None = None) -> list[Finding]:
    """Every place of personal data in order, none inside another. `kinds` limits what is looked for."""
    if "@" not in text and not any(letter.isdigit() for letter in text):
        return []
    found: list[Finding] = []
    taken = bytearray(len(text))
    for rule in RULES:
        if kinds is not None and rule.kind not in kinds:
            continue
        for start, end in _groups(rule, text) if rule.is_grouped else _whole(rule, text):
            if not any(taken[start:end]):
                taken[start:end] = b"\1" * (end - start)
                found.append(Finding(rule.kind, start, end))
    return sorted(found, key=lambda item: item.start)


def hidden(text: str) -> str:
    """The text with the shape of what is personal in place of it, by all rules."""
    parts, at = [], 0
    for finding in find(text):
        parts += [text[at : finding.start], masked(text, finding)]
        at = finding.end
    return "".join([*parts, text[at:]])


def _whole(rule: Rule, text: str) -> Iterator[tuple[int, int]]:
    """What the pattern finds and the rule's own check confirms."""
    for match in rule.pattern.finditer(text):
        if rule.holds(match.group()):
            yield match.span()


def _groups(rule: Rule, text: str) -> Iterator[tuple[int, int]]:
    """The same for numbers in groups, before or behind which other numbers may stand: a date, a code."""
    at = 0
    while match := rule.pattern.search(text, at):
        start = match.start()
        ends = [start + gap.start() for gap in GAP.finditer(match.group())]
        tried = [match.end(), *(end for end in reversed(ends[:MOST_GROUPS]) if end - start >= FEWEST)]
        end = next((end for end in tried if rule.holds(text[start:end])), None)
        if end is not None:
            yield start, end
        at = end or (ends or [match.end()])[0]


def masked(text: str, finding: Finding) -> str:
    """The shape of what was found: digits as 9, letters as x, the marks between them. At most 40 characters."""
    return "".join(
        "9" if letter.isdigit() else "x" if letter.isalpha() else letter for letter in text[finding.start : finding.end]
    )[:40]
