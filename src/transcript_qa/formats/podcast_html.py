"""Podcasting 2.0 HTML: `<cite>Mira:</cite><time>0:03</time><p>…</p>`.

https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/examples/transcripts/transcripts.md
"""

from __future__ import annotations

import re

from transcript_qa.formats import labels
from transcript_qa.formats.build import Builder
from transcript_qa.formats.htmlscan import tokens
from transcript_qa.formats.marked import Runs
from transcript_qa.formats.registry import Format
from transcript_qa.formats.sourcetext import SourceText
from transcript_qa.formats.times import seconds

_CITED = re.compile(r"<cite\b[^>]*>[^<]{0,200}</cite>\s*(?:<time\b|<p\b)", re.IGNORECASE)


def sniff(source: SourceText) -> float:
    """1 where names are cited in front of times or paragraphs."""
    return 1.0 if "<cite" in source.text[:20_000] and _CITED.search(source.text[:100_000]) else 0.0


def parse(source: SourceText) -> Builder:
    """The turns of such a page."""
    builder = Builder(source)
    runs = Runs(builder)
    label, start_s, printed, within = "", None, None, ""
    fresh = True
    for token in tokens(source.text):
        if not token.name:
            if token.text.strip() or runs.texts:
                runs.add(token.text, token.start, token.end)
        elif token.name in ("cite", "time", "p", "title", "script", "style"):
            if token.closes and within == "cite":
                label, fresh = labels.tidy(runs.as_header().rstrip(": ")), True
            elif token.closes and within == "time":
                said = runs.as_header()
                start_s = seconds(said)
                printed = said if start_s is not None else None
            elif token.closes and within == "p":
                if fresh or builder.speaking is None:
                    builder.open(label, start_s=start_s, address=printed)
                fresh = False
                runs.flush(mark=(start_s, None, printed) if start_s is not None else None)
            elif token.closes and within == "title":
                builder.title = runs.as_header() or None
            else:
                runs.leave_out("text outside the paragraphs")
            within = "" if token.closes else token.name
    runs.leave_out("text outside the paragraphs")
    builder.claim_syntax()
    return builder


FORMAT = Format(name="podcast_html", describes="Podcasting 2.0 HTML", sniff=sniff, parse=parse)
