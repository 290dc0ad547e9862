"""How the command line writes: text as it is, colour where it is wanted, JSON to stdout, one line for an error.

Whatever comes from a transcript or a file's name is printed as it stands: square brackets are no markup, and control
characters, which could move the cursor or rename the window, are shown as a replacement sign.
"""

from __future__ import annotations

import json
import os
import re
import sys
import warnings
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

# Longer lines are hard to read; but a table may be as wide as it likes where no terminal cuts it off.
_TEXT_WIDTH = 100
_PIPED_TEXT_WIDTH = 80
_PIPED_WIDTH = 200
DEBUG_VARIABLE = "TRANSCRIPT_QA_DEBUG"

# C0 and C1 but for line feed and tab; and what turns the direction of writing without being written.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_QUIET = {
    "TRANSFORMERS_VERBOSITY": "error",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TQDM_DISABLE": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


def quiet_libraries() -> None:
    """Keep what model libraries print while they load away from stderr; before they are imported."""
    for variable, value in _QUIET.items():
        os.environ.setdefault(variable, value)
    if not (sys.warnoptions or debugging()):
        warnings.simplefilter("ignore")


def debugging() -> bool:
    """Whether the user wants tracebacks."""
    return os.environ.get(DEBUG_VARIABLE, "") not in ("", "0")


def make_console(*, stderr: bool = False, no_color: bool = False) -> Console:
    """A console that interprets nothing; without any escape sequence where `no_color` or NO_COLOR says so."""
    plain = no_color or bool(os.environ.get("NO_COLOR"))
    console = Console(
        stderr=stderr,
        color_system=None if plain else "auto",
        no_color=plain,
        markup=False,
        emoji=False,
        highlight=False,
    )
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = _PIPED_WIDTH
    return console


def clean(text: str) -> str:
    r"""The text with every control character made visible, line feeds and tabs kept.

    >>> clean("a\x1b[2Jb [bold]")
    'a�[2Jb [bold]'
    """
    return _CONTROL.sub("\ufffd", text.replace("\r\n", "\n"))


def one_line(text: str, *, width: int | None = None) -> str:
    r"""The text on one line, cut off after `width` characters.

    >>> one_line("so much  for\nthat", width=9)
    'so much…'
    """
    shown = " ".join(clean(text).split())
    return shown if width is None or len(shown) <= width else shown[: width - 1].rstrip() + "…"


def styled(text: str, style: str = "") -> Text:
    """Text that is printed as it stands."""
    return Text(clean(text), style=style)


def assembled(*parts: Text | tuple[str, str] | str) -> Text:
    """Parts one behind the other, each a text, a text and its style, or a Text; no style spreads to the next."""
    line = Text()
    for part in parts:
        line.append_text(part if isinstance(part, Text) else styled(part) if isinstance(part, str) else styled(*part))
    return line


def joined(*parts: tuple[str, str] | str) -> Text:
    """Parts as in `assembled` with a dot between; empty ones are left out."""
    return Text(" · ").join(text for text in map(assembled, parts) if text.plain)


def print_indented(console: Console, text: Text, n_blanks: int, *, head: Text | None = None) -> None:
    """Print a text behind a margin, without blanks at the ends of its lines; `head` stands in the first margin."""
    width = min(console.width, _TEXT_WIDTH if console.is_terminal else _PIPED_TEXT_WIDTH)
    for line in text.wrap(console, max(20, width - n_blanks)) or [Text()]:
        margin = head if head is not None else Text()
        row = assembled(margin, " " * (n_blanks - margin.cell_len), line)
        row.rstrip()
        console.print(row, soft_wrap=True)
        head = None


def make_table(
    console: Console,
    *columns: str,
    right: tuple[str, ...] = (),
) -> Table:
    """An empty table; lines are drawn in a terminal only.

    Args:
        console: where it will be printed.
        columns: headings.
        right: those of columns of numbers, which are never broken.
    """
    table = Table(
        box=box.SIMPLE_HEAD if console.is_terminal else None, pad_edge=False, show_edge=False, header_style="bold"
    )
    for column in columns:
        if column in right:
            table.add_column(column, justify="right", no_wrap=True)
        else:
            table.add_column(column, overflow="fold")
    return table


def write_json(data: object) -> None:
    """One JSON object on stdout; as ASCII where stdout cannot carry every character."""
    unicode_out = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    text = json.dumps(data, ensure_ascii=not unicode_out, indent=2, allow_nan=False)
    # Half a surrogate pair, from a file name that is no UTF-8, is written as JSON's own escape.
    sys.stdout.write(re.sub(r"[\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", text) + "\n")


def error_json(error: BaseException, message: str) -> dict[str, Any]:
    """An error in its stable shape."""
    return {"error": {"type": type(error).__name__, "message": message}}


def write_error(message: str, *, no_color: bool = False, word: str = "error") -> None:
    """One line on stderr."""
    text = assembled((f"{word}: ", "bold red"), one_line(message))
    make_console(stderr=True, no_color=no_color).print(text, soft_wrap=True)
