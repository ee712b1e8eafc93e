"""Fields whose choice changes what else is asked."""


def swapping(href: str) -> dict[str, str]:
    """Attributes of a field whose choice asks for the page anew and takes in the part of it that the choice changes."""
    live = {
        "get": href,
        "trigger": "change",
        "target": "#ask",
        "select": "#ask",
        "swap": "outerHTML",
        "push-url": "true",
    }
    return {f"hx-{name}": value for name, value in live.items()}
