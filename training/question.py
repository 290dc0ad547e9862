"""Learn how the vector of a question is turned toward what answers it (src/transcript_qa/question_vector.py).

    python training/question.py --qmsum PATH/qmsum/train --work FOLDER [--check]

Questions are those of training/reader.py on the project's own transcripts (but those held out) and on QMSum's meetings;
its work folder holds the indexes. For each question the scores of its transcript's passages, and of others drawn from
all, go through a softmax; its target is how much of each passage is evidence. What is learnt is what a linear map adds
to the vector, from nothing on, with half of the vector left out at random each time: one map from all questions, one
from those on topics of meetings. The mean of the maps of some seeds is taken. A logistic regression tells questions on
topics from those on facts, by their vectors. `--check` learns from nine tenths of the meetings and prints what that
gives on the others and on the held-out transcripts. Fixed seeds; some minutes on two cores. How what ships was made is
in README.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from check_questions import TRAINING
from examples import Asked, transcripts_of
from numpy.typing import NDArray
from reader import HELD_OUT
from safetensors.torch import save_file
from sklearn.linear_model import LogisticRegression
from sources import own_asked, qmsum_asked
from torch import Tensor, nn
from torch.nn import functional

from transcript_qa.datatypes import Span
from transcript_qa.embed import SentenceTransformerEmbedder
from transcript_qa.packing import packed
from transcript_qa.question_vector import LEAST_TOPICAL, PARTS, WEIGHTS, Maps
from transcript_qa.store import LocalStore

DIM = 384
SEEDS = (1, 2, 3)
N_STEPS, N_STEPS_TOPICS, QUESTIONS_A_STEP, OTHERS = 1500, 800, 48, 256
RATE, DECAY, LEFT_OUT = 5e-4, 0.1, 0.5
TOPICAL_WEIGHT = 0.3
SCALE = 20.0
CHECKED = 10
"""For --check, every tenth meeting is left out, as in embedding.py."""
EVIDENCE = 0.3
"""A passage of which so much is evidence is a right one; where none has so much, the one with most."""

Turn = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Question:
    """A question's vector, and how much of each passage of its transcript is evidence."""

    asked: Asked
    vector: NDArray[np.float32]
    shares: NDArray[np.float32]


@dataclass(frozen=True)
class Collection:
    """Questions over one index, with the vectors of each transcript's passages."""

    questions: list[Question]
    passages: dict[str, Tensor]

    @property
    def all_passages(self) -> Tensor:
        return torch.cat(list(self.passages.values()))


def collected(index: Path, asked: Sequence[Asked], embedder: SentenceTransformerEmbedder) -> Collection:
    """The questions that have an answer."""
    answered = [each for each in asked if each.gold]
    vectors = embedder.embed_passages([each.text for each in answered])
    passages, spans = {}, {}
    with LocalStore.open(index) as store:
        for transcript in sorted({each.transcript for each in answered}):
            stored = store.stored(transcript)
            passages[transcript] = torch.from_numpy(np.asarray(stored.vectors, dtype=np.float32))
            spans[transcript] = [passage.span for passage in stored.passages]
    questions = [
        Question(each, vector, shares)
        for each, vector in zip(answered, vectors, strict=True)
        if (shares := shares_of(each, spans[each.transcript])).any()
    ]
    return Collection(questions, passages)


def shares_of(asked: Asked, spans: Sequence[Span]) -> NDArray[np.float32]:
    """How much of each passage is evidence, 0 to 1."""
    held = [sum(max(0, min(g.end, s.end) - max(g.start, s.start)) for g in asked.gold) / max(1, len(s)) for s in spans]
    return np.array(held, dtype=np.float32)


class Map(nn.Module):
    """What is added to a vector."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(DIM, DIM)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)
        self.scale = nn.Parameter(torch.tensor(float(np.log(SCALE))))

    def forward(self, vectors: Tensor) -> Tensor:
        added: Tensor = self.linear(functional.dropout(vectors, LEFT_OUT, self.training))
        return functional.normalize(vectors + added, dim=-1)


def learnt(collections: Sequence[Collection], seed: int, n_steps: int) -> Map:
    """A map learnt from these."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network = Map()
    optimizer = torch.optim.AdamW(
        [
            {"params": network.linear.parameters(), "weight_decay": DECAY},
            {"params": [network.scale], "weight_decay": 0.0},
        ],
        lr=RATE,
    )
    places = [(c, i) for c, collection in enumerate(collections) for i in range(len(collection.questions))]
    weights = np.array([TOPICAL_WEIGHT if collections[c].questions[i].asked.topical else 1.0 for c, i in places])
    everything = [collection.all_passages for collection in collections]
    for step in range(n_steps):
        chosen = [places[i] for i in rng.choice(len(places), QUESTIONS_A_STEP, p=weights / weights.sum())]
        vectors = network(torch.from_numpy(np.stack([collections[c].questions[i].vector for c, i in chosen])))
        others = [each[torch.from_numpy(rng.integers(0, len(each), OTHERS))] for each in everything]
        losses = [
            loss_of(collections[c], collections[c].questions[i], vector, others[c], network.scale.exp())
            for (c, i), vector in zip(chosen, vectors, strict=True)
        ]
        for group in optimizer.param_groups:
            group["lr"] = RATE * (1 - step / n_steps)
        optimizer.zero_grad()
        torch.stack(losses).mean().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return network.eval()


def loss_of(collection: Collection, question: Question, vector: Tensor, others: Tensor, scale: Tensor) -> Tensor:
    """How unlikely the passages with evidence are among those of the transcript and others."""
    own = collection.passages[question.asked.transcript]
    chances = torch.log_softmax(torch.cat([own @ vector, others @ vector]) * scale, 0)[: len(own)]
    target = torch.from_numpy(question.shares / question.shares.sum())
    return -(target * chances).sum()


def mean_of(maps: Sequence[Map], prefix: str) -> dict[str, Tensor]:
    """Weight and bias."""
    with torch.no_grad():
        return {
            f"{prefix}weight": torch.stack([each.linear.weight for each in maps]).mean(0),
            f"{prefix}bias": torch.stack([each.linear.bias for each in maps]).mean(0),
        }


def told_apart(collections: Sequence[Collection]) -> dict[str, Tensor]:
    """What tells a question on a topic from one on a fact, both kinds weighing the same."""
    questions = [question for collection in collections for question in collection.questions]
    vectors = np.stack([question.vector for question in questions])
    topical = [question.asked.topical for question in questions]
    model = LogisticRegression(max_iter=500, class_weight="balanced").fit(vectors, topical)
    return {
        "kind.weight": torch.tensor(model.coef_[0], dtype=torch.float32),
        "kind.bias": torch.tensor(model.intercept_, dtype=torch.float32),
    }


def all_learnt(own: Collection, meetings: Collection) -> dict[str, Tensor]:
    """Both maps and what chooses between them."""
    topics = Collection([q for q in meetings.questions if q.asked.topical], meetings.passages)
    return {
        **mean_of([learnt([own, meetings], seed, N_STEPS) for seed in SEEDS], ""),
        **mean_of([learnt([topics], seed, N_STEPS_TOPICS) for seed in SEEDS], "topic."),
        **told_apart([own, meetings]),
    }


def maps_of(stored: dict[str, Tensor]) -> Maps:
    """The maps as the package has them."""
    return Maps(**{name.replace(".", "_"): stored[name].numpy() for name in PARTS})


def turn_of(stored: dict[str, Tensor]) -> Turn:
    """The maps as they are used."""
    maps = maps_of(stored)
    return lambda vectors: torch.from_numpy(maps.turned(vectors.numpy()))


def told(name: str, collection: Collection, questions: Sequence[Question], turn: Turn) -> None:
    """Print how often a right passage is among the first five of its transcript, and of all; and the mean of 1/rank."""
    scoped, everywhere, ranks = [], [], []
    vectors = turn(torch.from_numpy(np.stack([question.vector for question in questions])))
    everything = collection.all_passages
    for question, vector in zip(questions, vectors, strict=True):
        scores = (collection.passages[question.asked.transcript] @ vector).numpy()
        right = question.shares >= min(EVIDENCE, question.shares.max())
        better = int((scores > scores[right].max()).sum())
        scoped.append(better < 5)
        ranks.append(1 / (better + 1))
        everywhere.append(int((everything @ vector > float(scores[right].max())).sum()) < 5)
    print(
        f"  {name} ({len(questions)}): success@5 {np.mean(scoped):.3f}, MRR {np.mean(ranks):.3f},"
        f" among all success@5 {np.mean(everywhere):.3f}"
    )


def check(own: Collection, held_out: Collection, meetings: Collection) -> None:
    """Learn without some meetings, and print what that gives on them."""
    left_out = set(sorted(meetings.passages)[::CHECKED])
    inside = Collection(
        [question for question in meetings.questions if question.asked.transcript not in left_out],
        {transcript: vectors for transcript, vectors in meetings.passages.items() if transcript not in left_out},
    )
    outside = [question for question in meetings.questions if question.asked.transcript in left_out]
    stored = all_learnt(own, inside)
    for name, turn in (("as it is", lambda vectors: vectors), ("turned", turn_of(stored))):
        print(name)
        told("meetings, topics", meetings, [q for q in outside if q.asked.topical], turn)
        told("meetings, facts", meetings, [q for q in outside if not q.asked.topical], turn)
        told("own transcripts held out, topics", held_out, [q for q in held_out.questions if q.asked.topical], turn)
        told("own transcripts held out, facts", held_out, [q for q in held_out.questions if not q.asked.topical], turn)
    print("taken for questions on topics, as the search takes them")
    for name in ("topics", "facts"):
        of_kind = [q for q in (*outside, *held_out.questions) if q.asked.topical == (name == "topics")]
        chances = maps_of(stored).topical(np.stack([question.vector for question in of_kind]))
        print(f"  {name} ({len(of_kind)}): {np.mean(chances >= LEAST_TOPICAL):.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--qmsum", type=Path, required=True, help="QMSum's folder train")
    parser.add_argument("--work", type=Path, required=True, help="the work folder of training/reader.py")
    parser.add_argument("--check", action="store_true", help="print what a map gives on meetings left out")
    parser.add_argument("--output", type=Path, default=TRAINING.parent / "src" / "transcript_qa" / "data" / WEIGHTS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    embedder = SentenceTransformerEmbedder()
    by_id = transcripts_of(sorted((TRAINING / "transcripts").glob("*.txt")), options.work / "own", embedder)
    asked = own_asked({Path(t.source).stem: t for t in by_id.values()})
    own, held_out = (
        collected(options.work / "own", [a for a in asked if (a.transcript in HELD_OUT) is held], embedder)
        for held in (False, True)
    )
    by_id = transcripts_of([options.qmsum], options.work / "qmsum", embedder)
    asked = qmsum_asked(options.qmsum, {Path(t.source).stem: t for t in by_id.values()})
    meetings = collected(options.work / "qmsum", asked, embedder)
    print(f"{len(own.questions)} questions on own transcripts, {len(meetings.questions)} on meetings", flush=True)
    if options.check:
        check(own, held_out, meetings)
        return
    stored = all_learnt(own, meetings)
    save_file({name: part.contiguous() for name, part in packed(stored).items()}, options.output)
    print(f"{options.output.name}: {options.output.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
