"""The project's docstrings as Markdown: what is said of each argument becomes a list."""

import re
from typing import Sequence

# Begins what a paragraph says of the whole function, after what it says of the arguments.
_WHOLE = re.compile(r"(?<=\.)\s+(?=(?:Returns?|Raises?|Leaves|Yields) )")


def as_markdown(text: str, names: Sequence[str]) -> str:
    """Return a docstring with `name: what it is; other: what that is` as a list.

    names: the arguments or attributes that may be explained
    """
    paragraphs = re.split(r"\n\s*\n", text.strip("\n"))
    return "\n\n".join(_paragraph(text, names) for text in paragraphs)


def _paragraph(text: str, names: Sequence[str]) -> str:
    if text.startswith(">>> "):
        return f"```python\n{text}\n```"
    if text.startswith("    ") or not names:
        return text
    one_of = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    # A name starts a line, or stands after a semicolon or a sentence.
    name = rf"(?:(?<=;\s)|(?<=\.\s)|^)((?:{one_of})(?:, (?:{one_of}))*): "
    first, *pieces = re.split(name, text, flags=re.MULTILINE)
    items, after = [], []
    for name, words in zip(pieces[::2], pieces[1::2]):
        words, *rest = _WHOLE.split(words, maxsplit=1)
        items.append(f"- `{name}`: {' '.join(words.split()).rstrip(';')}")
        after += rest
    blocks = [first.strip(), "\n".join(items), *after]
    return "\n\n".join(block for block in blocks if block)
