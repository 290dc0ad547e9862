"""The colours of the chat and of its transcript pages, in one table: light and dark, contrast at least 4.5 to 1."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

N_HUES = 8
FONTS = ("ui-sans-serif", "system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "Arial", "sans-serif")

# name: (light, dark)
PALETTE: dict[str, tuple[str, str]] = {
    "ground": ("#f6f4f0", "#161514"),
    "raised": ("#ffffff", "#1f1e1c"),
    "sunken": ("#ece8e1", "#2a2826"),
    "line": ("#d9d3c9", "#3b3834"),
    "ink": ("#1f1c19", "#ece8e2"),
    "quiet": ("#615a53", "#aba39a"),
    "accent": ("#0d5c69", "#62c6d2"),
    "accent-soft": ("#dcecee", "#17363b"),
    "on-accent": ("#ffffff", "#0b1f22"),
    "mark": ("#ffe499", "#5a4910"),
    "mark-ink": ("#1f1c19", "#fff4d2"),
    "warn": ("#8a4b08", "#f2b95f"),
    "warn-soft": ("#fcf1dd", "#2d2414"),
    "bad": ("#a32118", "#ff9f93"),
    "hue-0": ("#0b5a9c", "#82baf2"),
    "hue-1": ("#93340f", "#f2a47f"),
    "hue-2": ("#3d5f12", "#a8d170"),
    "hue-3": ("#7722c0", "#d1a5f6"),
    "hue-4": ("#0e6b64", "#63d1c4"),
    "hue-5": ("#981649", "#f59ac1"),
    "hue-6": ("#7c480d", "#e7c066"),
    "hue-7": ("#3a34a6", "#adaef6"),
}


def light(name: str) -> str:
    """A colour in the light look."""
    return PALETTE[name][0]


def dark(name: str) -> str:
    """A colour in the dark look."""
    return PALETTE[name][1]


@cache
def app_css() -> str:
    """The style sheet of the chat, for Gradio, which sets `.dark` on the body."""
    return f":root {{{_variables(0)}}}\n.dark {{{_variables(1)}}}\n{asset('turns.css')}\n{asset('app.css')}"


@cache
def page_css() -> str:
    """The style sheet of a transcript's own page, which follows the system's setting."""
    night = f"@media (prefers-color-scheme: dark) {{ :root {{{_variables(1)}}} }}"
    fonts = ", ".join(f'"{font}"' if " " in font else font for font in FONTS)
    return (
        f":root {{{_variables(0)} color-scheme: light dark}}\n{night}\n"
        f"body {{ font-family: {fonts} }}\n{asset('turns.css')}\n{asset('page.css')}"
    )


def asset(name: str) -> str:
    """A file of the assets folder."""
    return (files("transcript_qa.web") / "assets" / name).read_text("utf-8")


def _variables(look: int) -> str:
    return " ".join(f"--tq-{name}: {colours[look]};" for name, colours in PALETTE.items())
