"""Find the weights of the readers: which sentence answers, and whether any does.

    python training/weights.py --work FOLDER --qmsum PATH/qmsum/val

Read are questions that the networks were never trained on (unseen.py): on each of the project's transcripts held out of
the training, some rich in detail and half of these near misses, and those of corpus/questions.jsonl that are marked
"tune". What the network says of each sentence, or the cosine of the embedding model, is weighed together with the other
features of features.py: sentence weights are fitted with a softmax over the sentences of one question, the chance that
the best one answers with a logistic regression, in which the corpus weighs as much as all else. The threshold is the
lowest chance at which four fifths of the unanswerable questions of both are declined. Which sentences the network
reads again more closely is chosen by the weights that are there before, so run it twice. Printed is what the fit gives
on transcripts left out of it and on the questions marked "held-out", which are only measured. The work folder holds the
indexes. Deterministic; some minutes on two cores for the network, half an hour for the cosine.

Questions on topics have weights of their own (`topics`), for another network reads for them. They are fitted on those
of QMSum's validation split and of the transcripts held out, and on those of the questions above that are taken for one
on a topic. The threshold is that of the others, for the chance means the same.

What is cited before a question has weights that are fitted last, on the follow-ups of the conversations on the held-out
transcripts (`conversations`, and after each fit of `trained`): all others stay as they are, so that nothing changes for
a first question.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from examples import Remembering
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, softmax
from sklearn.linear_model import LogisticRegression
from unseen import (
    ROOT,
    Case,
    Question,
    corpus_questions,
    meeting_topics,
    own_details,
    own_follow_ups,
    own_questions,
    own_renamed,
    own_topics,
)

from transcript_qa.reading.features import (
    QUESTION_FEATURES,
    SENTENCE_FEATURES,
    describe,
    question_features,
)
from transcript_qa.reading.model import EvidenceModel
from transcript_qa.reading.reader import EvidenceReader, Weights, described_by, shipped_weights

L2 = 0.5
NEVER_AGAINST = ("coverage",)
"""Features that may count for a sentence, but not against it: to share words with the question is no fault. Beside what
the network says, which knows the words too, a fit may find otherwise by a little."""
DECLINED = 0.8
N_FOLDS = 5
THRESHOLDS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5)
READERS = ("trained", "cosine", "topics", "conversations")
IN_CONVERSATIONS = (
    ("in_cited_transcript", "near_cited", "was_cited"),
    ("in_conversation", "in_cited_transcript", "was_cited"),
)
"""Features of sentences and of questions that are 0 where nothing was cited before."""


def by_network(model: EvidenceModel, question: Question, *, on_a_topic: bool = False) -> Case:
    """A question as the trained reader sees it."""
    by_id = {c.transcript.id: c.transcript for c in question.found}
    hits = [hit for hit in question.hits if hit.passage.transcript_id in by_id]
    passages = [(by_id[hit.passage.transcript_id], hit.passage) for hit in hits]
    evidence = model.read(question.text, passages, on_a_topic=on_a_topic)
    weights = shipped_weights("topics" if on_a_topic else "trained")
    described = described_by(model, question.text, question.found, hits, evidence, weights)
    right = {id(c): bool(right) for c, right in zip(question.found, question.right, strict=True)}
    return Case(question.group, question.answerable, described, np.array([right[id(c)] for c in described.candidates]))


def by_cosine(reader: EvidenceReader, question: Question) -> Case:
    """A question as the reader without the network sees it."""
    described = describe(question.text, question.found, reader.cosines(question.text, question.found))
    # It reads nothing again, and what it would give is not to be weighed twice.
    described = described.with_closely(range(len(question.found)), [0.0] * len(question.found))
    return Case(question.group, question.answerable, described, question.right)


def fit_sentences(
    cases: Sequence[Case], fixed: NDArray[np.float64] | None = None, columns: Sequence[int] | None = None
) -> NDArray[np.float64]:
    """Weights that make the sentences that answer likely among those of their question, `NEVER_AGAINST` heeded.

    Args:
        cases: the questions.
        fixed: weights that stay as they are, to which is added; None for none.
        columns: the features that get a weight; None for all.
    """
    usable = [case for case in cases if case.right.any()]
    begun = np.zeros(len(SENTENCE_FEATURES)) if fixed is None else fixed
    chosen = list(range(len(SENTENCE_FEATURES)) if columns is None else columns)

    def loss(added: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        total, gradient = L2 * float(added @ added), 2 * L2 * added
        for case in usable:
            features = case.described.sentence[:, chosen]
            chance = softmax(case.described.sentence @ begun + features @ added)
            wanted = np.where(case.right, chance, 0.0)
            mass = wanted.sum() + 1e-12
            total -= float(np.log(mass))
            gradient = gradient - features.T @ (wanted / mass - chance)
        return total, gradient

    bounds = [(0.0 if SENTENCE_FEATURES[column] in NEVER_AGAINST else None, None) for column in chosen]
    weights = begun.copy()
    weights[chosen] += minimize(loss, np.zeros(len(chosen)), jac=True, method="L-BFGS-B", bounds=bounds).x
    return weights


def rows(cases: Sequence[Case], weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Question features of each case, and whether its best sentence answers."""
    scores = [case.described.sentence @ weights for case in cases]
    x = np.array([question_features(case.described, s) for case, s in zip(cases, scores, strict=True)])
    y = np.array([bool(case.right[int(np.argmax(s))]) for case, s in zip(cases, scores, strict=True)])
    return x, y


def fit_chance(cases: Sequence[Case], weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Weights of the question features, and what is added."""
    x, y = rows(cases, weights)
    spread = x.std(axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    model = LogisticRegression(C=0.3, max_iter=2000).fit(x / scale, y, sample_weight=shares(cases))
    return model.coef_[0] / scale, float(model.intercept_[0])


def shares(cases: Sequence[Case]) -> NDArray[np.float64]:
    """How much each case counts, so that the corpus counts as much as the other transcripts together; the mean is 1."""
    corpus = np.array([case.group == "corpus" for case in cases])
    sizes = np.where(corpus, corpus.sum(), (~corpus).sum())
    share: NDArray[np.float64] = (1 / sizes) * len(cases) / len(set(corpus.tolist()))
    return share


def chances(
    cases: Sequence[Case], weights: NDArray[np.float64], coefficients: NDArray[np.float64], bias: float
) -> NDArray[np.float64]:
    """The chance that the best sentence answers, for each case."""
    x, _ = rows(cases, weights)
    chance: NDArray[np.float64] = 1 / (1 + np.exp(-(x @ coefficients + bias)))
    return chance


def fit_threshold(cases: Sequence[Case], chance: NDArray[np.float64]) -> float:
    """The lowest chance, in hundredths, at which `DECLINED` of the unanswerable cases are declined."""
    no = np.array([not case.answerable for case in cases])
    share = shares(cases)[no] / shares(cases)[no].sum()
    return next(at / 100 for at in range(101) if share[chance[no] < at / 100].sum() >= DECLINED)


def tell(name: str, outside: Sequence[tuple[Sequence[Case], Sequence[Case]]]) -> None:
    """Fit on the first of each pair, print what it gives on the second."""
    found = []
    for inside, measured in outside:
        weights = fit_sentences(inside)
        found.append((Weights(weights, *fit_chance(inside, weights), 0.0), measured))
    told(name, found)


def told(name: str, outside: Sequence[tuple[Weights, Sequence[Case]]]) -> None:
    """Print what weights give, each on its questions."""
    found, right, answerable = [], [], []
    for weights, measured in outside:
        found.extend(chances(measured, weights.sentence, weights.question, weights.question_bias))
        right.extend(rows(measured, weights.sentence)[1])
        answerable.extend(case.answerable for case in measured)
    chance, good, yes = np.array(found), np.array(right), np.array(answerable)
    if not yes.any():
        declined = ", ".join(f"{(chance < t).mean():.3f} at {t:.2f}" for t in THRESHOLDS)
        print(f"{name}: {len(yes)}, declined {declined}")
        return
    reach = np.mean([case.right.any() for _, measured in outside for case in measured if case.answerable])
    print(f"{name}: best sentence right {good[yes].mean():.3f}, an answer among the sentences {reach:.3f}")
    for threshold in THRESHOLDS:
        kept = chance >= threshold
        print(
            f"  threshold {threshold:.2f}: answerable answered {kept[yes].mean():.3f}, rightly"
            f" {(kept & good)[yes].mean():.3f}; unanswerable declined {1 - kept[~yes].mean():.3f}"
        )


def fitted(
    name: str,
    own: Sequence[Case],
    detailed: Sequence[Case],
    renamed: Sequence[Case],
    tune: Sequence[Case],
    held_out: Sequence[Case],
) -> dict[str, Any]:
    """The weights of one reader, what they give printed first.

    Args:
        name: of the reader.
        own: questions on the held-out transcripts.
        detailed: those rich in detail, on the same transcripts.
        renamed: some of both with a name that nobody mentions.
        tune: questions of the corpus that may be fitted to.
        held_out: those that are only measured.
    """
    print(name, flush=True)
    both = [*own, *detailed, *renamed]
    groups = sorted({case.group for case in both})
    kinds = ("own transcripts", own), ("the same, rich in detail", detailed), ("with another name", renamed)
    for what, measured in kinds:
        folds = [([*(c for c in both if c.group != g), *tune], [c for c in measured if c.group == g]) for g in groups]
        tell(f"  {what}, left out of the fit", folds)
    tell("  corpus, tune, left out of the fit", [(both, tune)])
    tell("  corpus, held out", [([*both, *tune], held_out)])
    return weights_of([*both, *tune], declining=[*own, *detailed, *tune])


def fitted_on_topics(
    meetings: Sequence[Case], own: Sequence[Case], taken: Sequence[Case], threshold: float
) -> dict[str, Any]:
    """The weights for questions on topics, what they give printed first.

    Args:
        meetings: questions on topics of QMSum's meetings.
        own: the same on own transcripts.
        taken: questions on facts that are taken for one on a topic.
        threshold: that of the other questions.
    """
    print("topics", flush=True)
    places = sorted({case.group for case in meetings})
    parts = [set(places[number::N_FOLDS]) for number in range(N_FOLDS)]
    folds = [
        ([*(c for c in meetings if c.group not in part), *own, *taken], [c for c in meetings if c.group in part])
        for part in parts
    ]
    tell("  meetings left out of the fit", folds)
    tell("  own transcripts, topics, left out of the fit", [([*meetings, *taken], own)])
    tell("  facts taken for topics, left out of the fit", [([*meetings, *own], taken)])
    cases = [*meetings, *own, *taken]
    return {**weights_of(cases, declining=cases), "threshold": threshold}


def weights_of(cases: Sequence[Case], *, declining: Sequence[Case]) -> dict[str, Any]:
    """Fitted on all of these, as they are kept, with the threshold at which enough of `declining` are declined."""
    sentence = fit_sentences(cases)
    question, bias = fit_chance(cases, sentence)
    return {
        "sentence": dict(zip(SENTENCE_FEATURES, np.round(sentence, 4).tolist(), strict=True)),
        "question": dict(zip(QUESTION_FEATURES, np.round(question, 4).tolist(), strict=True)),
        "question_bias": round(bias, 4),
        "threshold": fit_threshold(declining, chances(declining, sentence, question, bias)),
    }


def fit_in_conversations(cases: Sequence[Case], weights: Weights) -> Weights:
    """The same with weights for what was cited before, by which the sentences that answer are likeliest."""
    columns, places = (
        [all_of.index(name) for name in names]
        for all_of, names in zip((SENTENCE_FEATURES, QUESTION_FEATURES), IN_CONVERSATIONS, strict=True)
    )
    sentence, question = fit_sentences(cases, weights.sentence, columns), weights.question.copy()
    x, y = rows(cases, sentence)

    def of_questions(added: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        odds = x @ question + weights.question_bias + x[:, places] @ added
        gradient = x[:, places].T @ (expit(odds) - y) + 2 * L2 * added
        return float(np.logaddexp(0, np.where(y, -odds, odds)).sum()) + L2 * float(added @ added), gradient

    question[places] += minimize(of_questions, np.zeros(len(places)), jac=True, method="L-BFGS-B").x
    return replace(weights, sentence=sentence, question=question)


def fitted_in_conversations(cases: Sequence[Case], stored: dict[str, Any]) -> dict[str, Any]:
    """The weights of a reader with those for what was cited before, what they give printed first."""
    sentence, question = (
        np.array([0.0 if name in added else stored[kind][name] for name in names])
        for kind, names, added in zip(
            ("sentence", "question"), (SENTENCE_FEATURES, QUESTION_FEATURES), IN_CONVERSATIONS, strict=True
        )
    )
    weights = Weights(sentence, question, stored["question_bias"], stored["threshold"])
    print("conversations", flush=True)
    groups = sorted({case.group for case in cases})
    parts = [([c for c in cases if c.group != g], [c for c in cases if c.group == g]) for g in groups]
    told("  follow-ups, by the weights of first questions", [(weights, cases)])
    told("  follow-ups, left out of the fit", [(fit_in_conversations(inside, weights), out) for inside, out in parts])
    found = fit_in_conversations(cases, weights)
    return {
        **stored,
        "sentence": dict(zip(SENTENCE_FEATURES, np.round(found.sentence, 4).tolist(), strict=True)),
        "question": dict(zip(QUESTION_FEATURES, np.round(found.question, 4).tolist(), strict=True)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="the work folder of training/reader.py")
    parser.add_argument("--qmsum", type=Path, required=True, help="QMSum's folder val")
    parser.add_argument("--readers", nargs="+", choices=READERS, default=READERS)
    parser.add_argument("--output", type=Path, default=ROOT / "src" / "transcript_qa" / "data" / "weights.json")
    options = parser.parse_args()
    embedder = Remembering()
    own, details, named = (made(options.work, embedder) for made in (own_questions, own_details, own_renamed))
    tune, held_out = (corpus_questions(options.work, embedder, split) for split in ("tune", "held-out"))
    model, cosine = EvidenceModel(), EvidenceReader(embedder)
    seen: dict[str, Callable[[Question], Case]] = {
        "trained": lambda question: by_network(model, question),
        "cosine": lambda question: by_cosine(cosine, question),
    }
    stored = json.loads(options.output.read_text("utf-8")) if options.output.is_file() else {}
    for name in options.readers:
        if name in seen:
            parts = ([seen[name](question) for question in part] for part in (own, details, named, tune, held_out))
            stored[name] = fitted(name, *parts)
    if "topics" in options.readers:
        taken = [replace(each, group="facts") for each in (*own, *details, *tune) if each.on_a_topic]
        asked = meeting_topics(options.qmsum, options.work, embedder), own_topics(options.work, embedder), taken
        cases = ([by_network(model, question, on_a_topic=True) for question in part] for part in asked)
        stored["topics"] = fitted_on_topics(*cases, threshold=stored["trained"]["threshold"])
    if {"trained", "conversations"} & set(options.readers):  # a new fit for first questions knows none of these
        stored["trained"] = fitted_in_conversations(own_follow_ups(options.work, embedder), stored["trained"])
    options.output.write_text(json.dumps(stored, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
