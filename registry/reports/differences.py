"""Two texts side by side, with the words marked that only one of them has.

Both are safe HTML or plain words. Each keeps its own structure; only runs of words between two tags are wrapped, so
what was well-formed stays so. A mark is a `del` or an `ins`, and says what it is to those who only hear the page.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Final

from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

TOKEN: Final = re.compile(r"""<(?:"[^"]*"|[^">])*>|\s+|&[#\w]+;|\w+(?:[.,:'\u2019-]\w+)*|.""", re.DOTALL)
# What the texts themselves bring as marks is left out: only what differs is to be seen as such.
OWN_MARKS: Final = re.compile(r"</?(?:del|ins)>")
HEARD: Final = {"del": "taken out: ", "ins": "put in: "}
# Finding what two texts share takes the longer, the oftener their words recur; beyond this the middle is marked whole.
MOST_PAIRS: Final = 40_000


def mark_words(before: object, after: object) -> tuple[SafeString, SafeString]:
    """Both texts as safe HTML, with what went marked in the first and what came marked in the second."""
    old, new = _tokens(before), _tokens(after)
    gone, come = _differing(_words(old), _words(new))
    if not gone and not come and old != new:
        # The same words in another shape, such as a list made of a sentence: all of it is marked.
        gone, come = set(range(len(_words(old)))), set(range(len(_words(new))))
    return _marked(old, gone, "del"), _marked(new, come, "ins")


def _tokens(text: object) -> list[str]:
    found: list[str] = TOKEN.findall(OWN_MARKS.sub("", str(conditional_escape(text or ""))))
    return found


def _is_word(token: str) -> bool:
    return not token.startswith("<") and not token.isspace()


def _words(tokens: Sequence[str]) -> list[str]:
    """What is compared: each word, within a link together with where the link leads."""
    words, link = [], ""
    for token in tokens:
        if token.startswith("<a "):
            link = token
        elif token == "</a>":  # noqa: S105 (the end of a link)
            link = ""
        elif _is_word(token):
            words.append(link + token)
    return words


def _differing(old: list[str], new: list[str]) -> tuple[set[int], set[int]]:
    """The places of the words that only one side has."""
    start = _shared(old, new)
    end = _shared(old[start:][::-1], new[start:][::-1])
    old_rest, new_rest = old[start : len(old) - end], new[start : len(new) - end]
    counts = Counter(new_rest)
    if sum(counts[word] for word in old_rest) > MOST_PAIRS:
        return set(range(start, len(old) - end)), set(range(start, len(new) - end))
    gone: set[int] = set()
    come: set[int] = set()
    for kind, a, b, c, d in SequenceMatcher(a=old_rest, b=new_rest).get_opcodes():
        if kind != "equal":
            gone.update(range(start + a, start + b))
            come.update(range(start + c, start + d))
    return gone, come


def _shared(old: Sequence[str], new: Sequence[str]) -> int:
    """How many words both begin with."""
    count = 0
    for one, other in zip(old, new, strict=False):
        if one != other:
            break
        count += 1
    return count


def _marked(tokens: Sequence[str], changed: set[int], tag: str) -> SafeString:
    pieces, place = [], 0
    for token in tokens:
        if _is_word(token):
            pieces.append(f"<{tag}>{token}</{tag}>" if place in changed else token)
            place += 1
        else:
            pieces.append(token)
    runs = re.sub(rf"</{tag}>(\s*)<{tag}>", r"\1", "".join(pieces))
    heard = f'<{tag}><span class="visually-hidden">[{HEARD[tag]}</span>'
    runs = runs.replace(f"<{tag}>", heard).replace(f"</{tag}>", f'<span class="visually-hidden">]</span></{tag}>')
    return mark_safe(runs)  # noqa: S308 (made of escaped or safe text and of the marks above)
