"""Small Gradio components of the chat: places for HTML that was escaped on the server.

Their template is Gradio's default, `${value}`, which is not evaluated again; any other template would run what a
transcript says. They are functions, for Gradio writes a .pyi file beside the source of every subclass of its own.
"""

from __future__ import annotations

from typing import Any

import gradio as gr

from transcript_qa.web.theme import FONTS, asset, dark, light


def panel(value: str = "", *, elem_id: str) -> Any:
    """A place for HTML that `panels` made, and for nothing else."""
    return gr.HTML(value, elem_id=elem_id, apply_default_css=False, js_on_load=None)


def sources(value: str, *, elem_id: str) -> Any:
    """A place for the cards of an answer; triggers `without` with the key of a chip that is clicked."""
    return gr.HTML(value, elem_id=elem_id, apply_default_css=False, js_on_load=asset("sources.js"))


def viewer(*, elem_id: str) -> Any:
    """A place for a transcript; triggers `opened` with the path of any transcript link that is clicked on the page."""
    script = f"{asset('turns.js')}\n{asset('viewer.js')}"
    return gr.HTML("", elem_id=elem_id, apply_default_css=False, js_on_load=script)


def exporter(*, elem_id: str) -> Any:
    """A place out of sight: a file put there by `panels.file_html` is handed to the browser as a download."""
    return gr.HTML("", elem_id=elem_id, apply_default_css=False, js_on_load=asset("export.js"))


def date_filter(*, elem_id: str) -> Any:
    """Two dates, of which the value is `first/last`, either of which may be empty."""
    boxes = "".join(
        f'<label><span>{words}</span><input type="date" aria-label="{label}"></label>'
        for words, label in (("From", "Only from this date on"), ("To", "Only up to this date"))
    )
    return gr.HTML(
        "/", elem_id=elem_id, apply_default_css=False, js_on_load=asset("dates.js"),
        html_template=f'<fieldset class="tq-dates"><legend>Only between these dates</legend>{boxes}</fieldset>',
    )  # fmt: skip


def look() -> Any:
    """The Gradio theme in the colours of `theme`."""
    both = {
        "body_background_fill": "ground",
        "background_fill_primary": "raised",
        "background_fill_secondary": "ground",
        "block_background_fill": "raised",
        "border_color_primary": "line",
        "border_color_accent": "accent",
        "body_text_color": "ink",
        "body_text_color_subdued": "quiet",
        "block_label_text_color": "quiet",
        "block_title_text_color": "ink",
        "block_info_text_color": "quiet",
        "color_accent_soft": "accent-soft",
        "link_text_color": "accent",
        "link_text_color_hover": "accent",
        "link_text_color_active": "accent",
        "link_text_color_visited": "accent",
        "input_background_fill": "raised",
        "input_border_color": "line",
        "input_border_color_focus": "accent",
        "input_placeholder_color": "quiet",
        "button_primary_background_fill": "accent",
        "button_primary_background_fill_hover": "accent",
        "button_primary_text_color": "on-accent",
        "button_primary_text_color_hover": "on-accent",
        "button_secondary_background_fill": "sunken",
        "button_secondary_background_fill_hover": "line",
        "button_secondary_text_color": "ink",
        "button_secondary_text_color_hover": "ink",
        "code_background_fill": "sunken",
    }
    colours = {name: light(colour) for name, colour in both.items()}
    colours |= {f"{name}_dark": dark(colour) for name, colour in both.items()}
    theme = gr.themes.Base(
        primary_hue="cyan", neutral_hue="stone", font=list(FONTS), font_mono=["ui-monospace", "monospace"]
    )
    return theme.set(color_accent=light("accent"), block_border_width="1px", block_radius="10px", **colours)
