"""What came of an article's claims, as JSON and as the article itself with every claim marked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from html import escape
from typing import Any

from transcript_qa.grounding.article import CheckedClaim, Outcome
from transcript_qa.render import citation_json, place, who
from transcript_qa.store import TranscriptInfo

MEANING = {
    Outcome.EXACT: "said so, character for character",
    Outcome.NORMALISED: "said so, but for quotes, capitals, fillers or the way numbers are written",
    Outcome.SUPPORTED: "borne out by what was said",
    Outcome.UNCERTAIN: "not clearly borne out: look at it",
    Outcome.ALTERED: "words or figures were changed",
    Outcome.STITCHED: "said, but not together",
    Outcome.MISATTRIBUTED: "said by somebody else",
    Outcome.FABRICATED: "said by nobody",
}
_CSS = """
:root{color-scheme:light dark;--ok:#1a7f37;--look:#9a6700;--bad:#cf222e}
@media(prefers-color-scheme:dark){:root{--ok:#3fb950;--look:#d29922;--bad:#f85149}}
body{font:1rem/1.6 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}
pre{white-space:pre-wrap;overflow-wrap:anywhere;font:inherit}
mark{background:none;color:inherit;border-bottom:3px solid var(--ok)}
mark.look{border-color:var(--look)}mark.bad{border-color:var(--bad);background:color-mix(in srgb,var(--bad)
14%,transparent)} li{margin:.6rem 0}q{font-style:italic}.ok b{color:var(--ok)}.look b{color:var(--look)}.bad
b{color:var(--bad)} a{color:inherit}
"""


def css_class(outcome: Outcome) -> str:
    """`ok`, `look` or `bad`."""
    return "bad" if not outcome.passes else "look" if outcome is Outcome.UNCERTAIN else "ok"


def claims_json(file: str, claims: Sequence[CheckedClaim]) -> dict[str, Any]:
    """What came of an article's claims, in its stable shape."""
    counts = Counter(checked.outcome.value for checked in claims)
    return {
        "file": file,
        "passed": all(checked.outcome.passes for checked in claims),
        "outcomes": {outcome.value: counts[outcome.value] for outcome in Outcome},
        "claims": [claim_json(checked) for checked in claims],
    }


def claim_json(checked: CheckedClaim) -> dict[str, Any]:
    """One claim in its stable shape."""
    claim = checked.claim
    return {
        "kind": claim.kind.value,
        "outcome": checked.outcome.value,
        "line": claim.line,
        "span": [claim.span.start, claim.span.end],
        "text": claim.text,
        "speaker": claim.speaker,
        "differences": [{"kind": d.kind.value, "quoted": d.quoted, "said": d.said} for d in checked.differences],
        "contradicted": list(checked.contradicted),
        "citation": citation_json(checked.citation) if checked.citation else None,
    }


def claim_words(checked: CheckedClaim) -> str:
    """What is to be said of a claim beside its outcome: what was changed, and who said what instead."""
    parts = [
        f"“{d.quoted}” for “{d.said}”"
        if d.quoted and d.said
        else f"“{d.quoted}” added"
        if d.quoted
        else f"“{d.said}” left out"
        for d in checked.differences
    ]
    if checked.contradicted:
        parts.append(f"not borne out: {', '.join(checked.contradicted)}")
    if checked.citation is not None and not (checked.outcome.passes and checked.outcome is not Outcome.UNCERTAIN):
        said = " ".join(checked.citation.quote.split())
        parts.append(f"{who(checked.citation.speaker)}: “{said}”")
    return "; ".join(parts)


def source_words(checked: CheckedClaim) -> str:
    """Where the nearest words stand, or nothing."""
    citation = checked.citation
    return f"{citation.title}, {place(citation)} ({citation.source})" if citation else ""


def article_html(file: str, article: str, claims: Sequence[CheckedClaim], infos: Sequence[TranscriptInfo]) -> str:
    """The article as one page that needs nothing else: each claim marked, and below what came of it."""
    parts: list[str] = []
    at = 0
    for number, checked in enumerate(claims, start=1):
        span = checked.claim.span
        parts.append(escape(article[at : span.start]))
        title = escape(f"{checked.outcome.value}: {claim_words(checked) or MEANING[checked.outcome]}", quote=True)
        words = escape(span.of(article))
        parts.append(
            f'<a href="#c{number}"><mark class="{css_class(checked.outcome)}" id="q{number}" '
            f'title="{title}">{words}</mark></a>'
        )
        at = span.end
    parts.append(escape(article[at:]))
    items = "".join(_item(number, checked) for number, checked in enumerate(claims, start=1))
    counts = Counter(checked.outcome for checked in claims)
    summary = ", ".join(f"{n} {outcome.value}" for outcome, n in sorted(counts.items(), key=lambda one: one[0].value))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(file)}: quotations checked</title><style>{_CSS}</style></head><body>"
        f"<h1>{escape(file)}</h1><p>{escape(summary or 'no quotation or attribution was found')}; "
        f"checked against {len(infos):,} transcripts.</p><pre>{''.join(parts)}</pre>"
        f"<h2>Outcomes</h2><ol>{items}</ol></body></html>\n"
    )


def _item(number: int, checked: CheckedClaim) -> str:
    claimed = f" (given to {escape(checked.claim.speaker)})" if checked.claim.speaker else ""
    told = escape("; ".join(part for part in (claim_words(checked), source_words(checked)) if part))
    return (
        f'<li id="c{number}" class="{css_class(checked.outcome)}"><b>{checked.outcome.value}</b>: '
        f'<a href="#q{number}"><q>{escape(checked.claim.text)}</q></a>{claimed}<br>'
        f"{MEANING[checked.outcome]}{'; ' if told else ''}{told}</li>"
    )
