"""Small meetings with judged turns, and doubles for the model, for the tests of benchmarks/."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from transcript_qa.embed import HashingEmbedder

PNG = b"\x89PNG\r\n\x1a\n"
SAID = (
    "the harbour loan was approved on monday and the bank asked for a guarantee of the city before it paid",
    "parking at the quay costs two crowns an hour from may on and residents pay half of that",
    "the school roof leaks again and the repair was put off until the tender of the spring",
    "ferries run every twenty minutes in summer and once an hour in winter unless there is ice",
)
QUERIES = (("What was said about the loan?", 0), ("What about parking?", 1), ("What about the ferries?", 3))


def write_meetings(folder: Path, n: int) -> Path:
    """QMSum files, each with the four turns above five times over, in another order each."""
    for number in range(n):
        order = [(number + place) % len(SAID) for place in range(5 * len(SAID))]
        turns = [
            {"speaker": f"Person {place % 3}", "content": f"{SAID[what]} {place}"} for place, what in enumerate(order)
        ]
        queries = [
            {
                "query": f"{words} ({number})",
                "relevant_text_span": [[str(p), str(p)] for p, w in enumerate(order) if w == what],
            }
            for words, what in QUERIES
        ]
        meeting = {"topic_list": [], "specific_query_list": queries, "meeting_transcripts": turns}
        (folder / f"meeting-{number}.json").write_text(json.dumps(meeting), "utf-8")
    return folder


class PlainDouble:
    """Encodes as hashing does, at three times the length."""

    def encode(self, texts: str | list[str], **_: Any) -> Any:
        vectors = HashingEmbedder().embed_passages([texts] if isinstance(texts, str) else texts)
        return 3 * vectors
