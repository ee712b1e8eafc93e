"""Personal data in text, by pattern, number range and checksum. Standard library only; no network, no names of people.

Every pattern runs in time linear in the text. What a rule finds is where it is, never what it is: `masked` shows
the shape alone.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from evaluators.language.pii_checks import IBAN_SHAPES, Rule, address, anything, card, iban, phone, us_ssn
from evaluators.language.pii_worded import SPELLED, WORDED

# Numbers are written in a few groups; between them stand gaps. The shortest number of a card has 13 digits.
GAP = re.compile(r"[ -]")
MOST_GROUPS, FEWEST = 8, 13


@dataclass(frozen=True)
class Finding:
    """Where something personal stands: text[start:end] is of that kind."""

    kind: str
    start: int
    end: int


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
            r"(?<![\w.:])(?<!ersion )(?<!ection )(?<!hapter )(?<!elease )(?<!rticle )(?<!irmware )"
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
            r"|0\d(?:[ .-]\d\d){4}"
            r"|(?:0\d{2,4}|\(0\d{2,4}\))[ /-]\d{3,8}(?:[ -]\d{2,6}){0,2}"
            r")(?![\w]|[.-]\d)"
        ),
        phone,
    ),
    *WORDED,
)
# Without any of these in the text, no rule can find a thing.
HINT = re.compile(
    rf"[@\d]|\bat\b|\.com/|\.me/|\b(?:mr|mrs|ms|miss|dr|patient|name|username|handle|skype)\b"
    rf"|\b{SPELLED}[ ,-]{{1,2}}{SPELLED}\b",
    re.IGNORECASE,
)
KINDS = tuple(dict.fromkeys(rule.kind for rule in RULES))
TITLES: Mapping[str, str] = {rule.kind: rule.title for rule in RULES}


def find(text: str, kinds: frozenset[str] | None = None) -> list[Finding]:
    """Every place of personal data in order, none inside another. `kinds` limits what is looked for."""
    if not HINT.search(text):
        return []
    found: list[Finding] = []
    taken, has_letters = bytearray(len(text)), text.lower() != text.upper()
    for rule in RULES:
        if (kinds is not None and rule.kind not in kinds) or (rule.is_worded and not has_letters):
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


def veiled(text: str) -> str:
    """The same with every shape as long as what it stands for: what stands where stays."""
    letters = list(text)
    for finding in find(text):
        letters[finding.start : finding.end] = _shape(text[finding.start : finding.end])
    return "".join(letters)


def _whole(rule: Rule, text: str) -> Iterator[tuple[int, int]]:
    """What the pattern finds and the rule's own check confirms."""
    for match in rule.pattern.finditer(text):
        name = match.lastgroup or 0
        if rule.holds(match[name]):
            yield match.span(name)


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
    return _shape(text[finding.start : finding.end])[:40]


def _shape(text: str) -> str:
    return "".join("9" if letter.isdigit() else "x" if letter.isalpha() else letter for letter in text)
