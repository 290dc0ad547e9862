"""The benchmark of conversations: what is counted as found, right and declined."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))

import conversations
from check_conversations import parse_conversations

from transcript_qa import TranscriptQA

TALK = """A talk on a bridge

Ann Gall: The bank lent forty thousand crowns for the bridge.

Bo Lind: I would rather have had the ferry. It was painted green in May.
"""
ASKED = (
    "a\tWho lent forty thousand crowns for the bridge?\tThe bank lent forty thousand crowns\n"
    "a\twhen was it painted?\tIt was painted green in May.\tWhen was the ferry painted green?\n"
    "n\twho sank it with a torpedo in Valparaiso?\t\tWho sank the ferry with a torpedo in Valparaiso?\n"
)


def test_what_comes_of_each_question_is_counted_by_its_kind(tmp_path: Path) -> None:
    (tmp_path / "talk.txt").write_text(TALK, "utf-8")
    with TranscriptQA.build([tmp_path / "talk.txt"], index=tmp_path / "index") as qa:
        (conversation,) = parse_conversations(ASKED)
        outcomes = list(conversations.asked(qa, "talk", conversation))
        elsewhere = list(conversations.asked(qa, "another", conversation))
    kinds = [conversations.FIRST, *[conversations.FOLLOW_UP, conversations.WHOLE] * 2]
    assert [each.kind for each in outcomes] == kinds
    assert (outcomes[0].found, outcomes[0].right, outcomes[0].declined) == (True, True, False)
    assert outcomes[2].right
    assert [each.declined for each in outcomes[3:]] == [True, True]
    assert not any(each.found or each.right for each in elsewhere)
    rows = conversations.table(outcomes)
    assert rows[2] == "| first question | 1 | 1 | 1 | 0 | 0 | 0 |"
    assert rows[4] == "| follow-up as meant, alone | 1 | 1 | 1 | 0 | 1 | 1 |"


def test_a_folder_without_the_transcripts_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "argv", ["conversations.py", "--transcripts", str(tmp_path)])
    with pytest.raises(SystemExit, match="holds no transcript"):
        conversations.main()
