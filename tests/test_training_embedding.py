from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from transcript_qa.minilm import added, bert_of
from transcript_qa.model_files import bundled_tensors

sys.path.insert(0, str(Path(__file__).parents[1] / "training"))

from attending import Attention
from embedding import Learning, Lower, Pool, Posed, Upper, bert, drawn, learn, taken_for_right
from sources import Asked


def test_attention_and_its_gradient_are_those_of_torch() -> None:
    torch.manual_seed(3)
    parts = [torch.randn(2, 12, 30, 32, requires_grad=True) for _ in range(3)]
    keep = torch.ones(2, 1, 30, 1, dtype=torch.bool)
    keep[1, :, 17:] = False
    found = Attention.apply(*parts, keep, 32**-0.5)
    wanted = torch.nn.functional.scaled_dot_product_attention(*parts, attn_mask=keep.transpose(-1, -2)).transpose(1, 2)
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-4)
    back = torch.randn_like(found)
    for ours, theirs in zip(*(torch.autograd.grad(each, parts, back) for each in (found, wanted)), strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-4)


def test_what_is_learnt_is_what_ships(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("embedding.cpu_has_bfloat16", lambda: False)
    torch.manual_seed(4)
    upper, lower = Upper(bert()), Lower()
    for each in upper.parameters():
        if each.requires_grad:
            torch.nn.init.normal_(each, std=0.02)
    texts = ["Who paid for the bell?", "The parish paid, in the end, and not the bishop."]
    with torch.no_grad():
        found = upper(lower.states(texts))
        network = bert_of(added(bundled_tensors(), upper.additions()), bfloat16=False).eval()
        for row, text in zip(found, texts, strict=True):
            ids = torch.tensor([lower._tokenizer.encode(text).ids])
            vector = torch.nn.functional.normalize(network.means(ids, torch.ones_like(ids, dtype=torch.bool)))[0]
            torch.testing.assert_close(row, vector, atol=1e-4, rtol=1e-3)


def test_wrong_passages_are_those_most_like_the_question() -> None:
    scores = np.linspace(0, 1, 80, dtype=np.float32)
    shares = np.zeros(10, dtype=np.float32)
    shares[9] = 1
    near, far = taken_for_right(scores, range(60, 70), shares)
    assert near == [68, 67, 66, 65, 64, 63, 62, 61, 60]
    assert far == [*range(79, 69, -1), *range(59, 45, -1)]


def test_a_step_has_a_right_and_a_wrong_passage_of_each_question() -> None:
    def posed(transcript: str, shares: list[float], near: list[int], far: list[int]) -> Posed:
        asked = Asked(source="own", text="?", transcript=transcript, gold=())
        return Posed(asked, torch.zeros(1, 1), np.array(shares, dtype=np.float32), near, far)

    questions = [posed("a", [0, 1, 0], [0, 2], [3, 4]), posed("b", [0, 0.5], [3], [0, 1])]
    pool = Pool([torch.zeros(1, 1)] * 5, {"a": range(3), "b": range(3, 5)}, questions)
    passages, shares = drawn([pool], [(0, 0), (0, 1)], np.random.default_rng(1))
    numbers = [number for _, number in passages]
    assert {1, 4} <= set(numbers)
    assert len(numbers) == len(set(numbers)) >= 3
    assert shares[0].tolist() == [float(number == 1) for number in numbers]
    assert shares[1].tolist() == [0.5 * (number == 4) for number in numbers]


def test_a_training_that_was_stopped_goes_on_where_it_was(tmp_path: Path) -> None:
    lower = Lower()
    texts = ["Ann: The parish paid for the bell.", "Bo: Rain again.", "Ann: It rang on Monday.", "Bo: Who knows?"]
    asked = [Asked(source="own", text=text, transcript="a", gold=()) for text in ("Who paid?", "When did it ring?")]
    rights = [[1, 0, 0, 0], [0, 0, 1, 0]]
    questions = [
        Posed(each, states, np.array(right, dtype=np.float32), [1, 3], [1, 3])
        for each, right, states in zip(asked, rights, lower.states([each.text for each in asked]), strict=True)
    ]
    pool = Pool(lower.states(texts), {"a": range(4)}, questions)
    losses = []
    for name, stops in (("whole.pt", [3]), ("parts.pt", [2, 3])):
        for stop in stops:
            learning = Learning(tmp_path / name, 3)
            losses.append(learn(learning, [pool], stop))
    whole, first, rest = losses
    assert len(whole) == 3
    assert whole == pytest.approx([*first, *rest], abs=0.02)
    assert whole[-1] < whole[0]
    learning.take_mean()
    assert all(part.abs().sum() > 0 for name, part in learning.upper.additions().items() if name.endswith(".left"))
