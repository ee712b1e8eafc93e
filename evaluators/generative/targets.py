"""Whom a word is said of: the subject before "is", whoever it is put beside, or nobody. Standard library only.

The sentence is a list of small words and marks; the lists of words are given.
"""

from collections.abc import Mapping, Sequence

Lists = Mapping[str, frozenset[str]]
PERSON, SELF, OBJECT, THING, NOBODY = "person", "self", "object", "thing", "nobody"
MARKS = frozenset(",;:()–—")
# How many words before a word a "not" reaches.
REACH = 3
# How far before a noun its article can stand, and how many words a phrase has at most.
FAR, LONGEST = 6, 16


def is_denied(tokens: Sequence[str], i: int, table: Lists) -> bool:
    """Whether a "not" stands just before the word at i; "nothing but" and "aren't you" deny nothing."""
    if i and tokens[i - 1] == "how":
        return False
    before = tokens[max(0, i - REACH) : i]
    first = next((j for j, token in enumerate(before) if token in table["negators"]), None)
    return first is not None and {"but", "only", "just", "you", "he", "she", "they"}.isdisjoint(before[first + 1 :])


def noun_after(tokens: Sequence[str], i: int, table: Lists) -> str:
    """The noun that the adjective at i stands before, or nothing."""
    for token in tokens[i + 1 : i + LONGEST]:
        if token in table["pronouns"]:
            return ""
        if token in table["people"] or token in table["nouns"]:
            return token
        if token in table["describing"] or token in (",", "and"):
            continue
        return "" if token in MARKS or token in table["stops"] else token
    return ""


def target(tokens: Sequence[str], written: Sequence[str], i: int, table: Lists) -> str:
    """Whom the word at i is said of."""
    j = _before_phrase(tokens, i, table)
    if j < 0:
        return NOBODY
    if tokens[j] in table["copulas"]:
        return _subject(tokens, written, j, table)
    if tokens[j] in table["selves"]:
        return SELF
    return PERSON if tokens[j] in table["people"] and not noun_after(tokens, i, table) else NOBODY


def _before_phrase(tokens: Sequence[str], i: int, table: Lists) -> int:
    """Where the word stands that comes before the word at i and all that belongs to it."""
    is_noun = tokens[i] in table["nouns"]
    # Whatever stands between an article and the noun describes it: "is a cheating, two-timing snake".
    articles = [k for k in range(max(0, i - FAR), i) if tokens[k] in ("a", "an")] if is_noun else []
    j = next((k for k in articles if table["stops"].isdisjoint(tokens[k + 1 : i])), i - 1)
    describing, least = table["describing"], max(-1, i - LONGEST)
    while j > least and (tokens[j] in describing or (tokens[j] in table["joiners"] and tokens[j - 1] in describing)):
        j -= 1
    if is_noun and j > 0 and _is_open(tokens[j], table) and _is_facing(tokens, j - 1, table):
        j -= 1
    return j


def _is_facing(tokens: Sequence[str], i: int, table: Lists) -> bool:
    """Whether what follows is said of somebody: after "is", or after the "you" of ", you blind bat"."""
    return tokens[i] in table["copulas"] or (tokens[i] == "you" and i > 0 and tokens[i - 1] in MARKS)


def _is_open(token: str, table: Lists) -> bool:
    """Whether the word can be an adjective for all that the lists know."""
    return token not in MARKS and all(token not in table[name] for name in ("stops", "people", "nouns"))


def _subject(tokens: Sequence[str], written: Sequence[str], verb: int, table: Lists) -> str:
    """What the subject before the verb is."""
    end, least = verb, max(0, verb - LONGEST)
    while end > least and tokens[end - 1] in table["between"]:
        end -= 1
    start = end
    while start > least and tokens[start - 1] not in table["clauses"]:
        start -= 1
    chunk = list(tokens[start:end])
    if not chunk:
        return NOBODY if table["things"].isdisjoint(tokens[end:verb]) else THING
    if chunk[-1] in table["things"] and "who" not in chunk:
        return THING
    if chunk[0] in table["shares"] and "of" in chunk:
        start += chunk.index("of") + 1
        chunk = list(tokens[start:end])
    stop = next((k for k in range(1, len(chunk)) if chunk[k] in table["cuts"]), len(chunk))
    return _kind(chunk[:stop], written[start : start + stop], table, is_first=start == 0)


def _kind(chunk: Sequence[str], written: Sequence[str], table: Lists, *, is_first: bool) -> str:
    """What the last word of a subject stands for."""
    head = chunk[-1] if chunk else ""
    if head in table["selves"]:
        return SELF
    if head in table["people"] or head in table["shares"] or (head in table["parts"] and chunk[0] in table["theirs"]):
        return PERSON
    if head in table["objects"] or not head:
        return OBJECT
    # A capital letter is a name's, unless it begins the sentence.
    is_name = written[-1][:1].isupper() and (not is_first or len(chunk) == 1 or chunk[0] in table["titles"])
    return PERSON if is_name and head not in table["nouns"] else THING
