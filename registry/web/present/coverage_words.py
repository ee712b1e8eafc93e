"""What is said of a technique: the worst of what was measured, and how much of it was."""

from collections.abc import Sequence

# The worst first: a technique is as well answered as the worst of what was measured about it.
RANKED = (
    "failed", "error", "undecided", "running", "waived", "partly", "passed",
    "measured", "unjudged", "reported", "unmeasured", "unfit",
)  # fmt: skip
WORDS = {
    "error": "could not be measured",
    "running": "being measured",
    "partly": "partly: not everything was run",
    "measured": "measured, no limit",
    "unjudged": "measured, not judged yet",
    "reported": "only reported, not measured here",
    "unmeasured": "not measured",
    "unfit": "made for other models",
}
FAMILY = {
    "error": "failed",
    "partly": "undecided",
    "reported": "neutral",
    "unmeasured": "neutral",
    "unfit": "not_applicable",
    "unjudged": "measured",
}
MET = frozenset({"waived", "passed"})
MEASURED = frozenset({"measured", "unjudged"})
# What a team says of its own model is no measurement of it.
NOT_RUN = frozenset({"reported", "unmeasured"})


def altogether(states: Sequence[str]) -> tuple[str, str]:
    """The state of a technique and its words: limits that are met are half an answer where others weren't measured.

    What is made for other models counts neither way.
    """
    worst = min(states, key=RANKED.index)
    fitting = [state for state in states if state != "unfit"]
    run = [state for state in fitting if state not in NOT_RUN]
    word = WORDS.get(worst, worst)
    counted = f"{word}, {len(run)} of {len(fitting)} measured"
    if len(run) == len(fitting) or worst not in MET | MEASURED:
        return worst, word
    return ("partly", f"partly: {counted}") if worst in MET else (worst, counted)


def badge(state: str) -> dict[str, str]:
    return {"status": shown(state), "word": WORDS.get(state, state)}


def shown(state: str) -> str:
    """The outcome whose colour and mark it has."""
    return FAMILY.get(state, state)
