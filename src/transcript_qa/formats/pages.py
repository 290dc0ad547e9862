"""HTML pages in front of the families that read text: the page's own text, with what else is in it left out."""

from __future__ import annotations

from dataclasses import replace

from transcript_qa.formats.decode import Decoded
from transcript_qa.formats.htmlscan import extract, is_page

__all__ = ["is_page", "readable"]


def readable(decoded: Decoded) -> Decoded:
    """The readable text of a page."""
    page = extract(decoded.text)
    return replace(decoded, text=page.text, skipped=(*decoded.skipped, *page.skipped), title=page.title, date=page.date)
