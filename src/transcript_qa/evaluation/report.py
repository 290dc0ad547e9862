"""What an evaluation found: means with intervals, the comparison with an earlier run, JSON, TREC files."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from transcript_qa.corpus import read_bytes
from transcript_qa.errors import ParseError
from transcript_qa.evaluation.evaluate import ABSTENTION, ANSWERS, CITATIONS, RETRIEVAL, Result
from transcript_qa.evaluation.measures import Mean, Paired, bootstrap_mean, calibration_error, paired_test

SCHEMA = 1
GROUPS = {"Retrieval": RETRIEVAL, "Answers": ANSWERS, "Citations": CITATIONS, "Abstention": ABSTENTION}
MEASURES = tuple(name for names in GROUPS.values() for name in names)
# Of these less is better.
COSTS = frozenset(ABSTENTION)


def means(results: Sequence[Result]) -> dict[str, Mean]:
    """Each measure's mean over the questions that have it; measures that none has are left out."""
    found = {name: bootstrap_mean([r.scores[name] for r in results if name in r.scores]) for name in MEASURES}
    return {name: mean for name, mean in found.items() if mean is not None}


def calibration(results: Sequence[Result]) -> float | None:
    """Expected calibration error of the confidence of what was answered."""
    answered = [result for result in results if result.answer.answered]
    return calibration_error([r.answer.confidence for r in answered], [r.right for r in answered])


def report_json(results: Sequence[Result], *, file: str, index: str, model: str, total_ms: float) -> dict[str, Any]:
    """The whole evaluation in its stable shape; `total_ms` is all the time that it took."""
    asking = [result.asking_ms for result in results]
    error = calibration(results)
    return {
        "schema": SCHEMA,
        "file": file,
        "index": index,
        "model": model,
        "n_questions": len(results),
        "n_answerable": sum(result.case.answerable for result in results),
        "means": {name: _mean_json(mean) for name, mean in means(results).items()},
        "calibration_error": None if error is None else round(error, 4),
        "time": {
            "median_ms": round(statistics.median(asking), 2),
            "p95_ms": round(sorted(asking)[int(0.95 * (len(asking) - 1))], 2),
            "asking_ms": round(sum(asking), 1),
            "total_ms": round(total_ms, 1),
            "share_asking": round(sum(asking) / total_ms, 4) if total_ms else None,
        },
        "questions": [question_json(result) for result in results],
    }


def _mean_json(mean: Mean) -> dict[str, Any]:
    return {"mean": round(mean.mean, 4), "low": round(mean.low, 4), "high": round(mean.high, 4), "n": mean.n}


def question_json(result: Result) -> dict[str, Any]:
    """One question in its stable shape."""
    answer = result.answer
    return {
        "id": result.case.id,
        "question": result.case.question,
        "answerable": result.case.answerable,
        "expected": list(result.case.words),
        "answered": answer.answered,
        "right": result.right,
        "problem": result.problem,
        "confidence": round(answer.confidence, 4),
        "asking_ms": round(result.asking_ms, 2),
        "scores": {name: round(score, 6) for name, score in result.scores.items()},
        "text": answer.text,
        "citations": [
            {"transcript_id": c.transcript_id, "turn": c.turn, "speaker": c.speaker.display, "quote": c.quote}
            for c in answer.citations
        ],
        "hits": [hit.passage.id for hit in answer.hits],
    }


def read_report(path: Path) -> dict[str, Any]:
    """An earlier report.

    Raises:
        SourceNotFoundError: there is no such file.
        ParseError: it is no report of this program.
    """
    remedy = "Give the report.json that `transcript-qa eval FILE --output DIR` wrote."
    try:
        report = json.loads(read_bytes(path))
    except ValueError as error:
        raise ParseError(str(path), "this is no JSON", remedy) from error
    questions = report.get("questions") if isinstance(report, dict) else None
    whole = isinstance(questions, list) and all(
        isinstance(one, dict) and isinstance(one.get("id"), str) and isinstance(one.get("scores"), dict)
        for one in questions
    )
    if not whole:
        raise ParseError(str(path), "this is no report of an evaluation", remedy)
    return dict(report)


def compared(results: Sequence[Result], earlier: Mapping[str, Any]) -> dict[str, Paired]:
    """For each measure how this run differs from an earlier one, over the questions that are in both.

    Raises:
        ParseError: the two have no question in common.
    """
    before = {one["id"]: one["scores"] for one in earlier["questions"] if isinstance(one.get("question"), str)}
    both = [result for result in results if result.case.id in before]
    if not both:
        raise ParseError(str(earlier.get("file")), "none of its questions is asked now", "Compare runs of one file.")
    found = {}
    for name in MEASURES:
        pairs = [
            (r.scores[name], before[r.case.id][name]) for r in both if name in r.scores and name in before[r.case.id]
        ]
        if pairs:
            found[name] = paired_test([now for now, _ in pairs], [then for _, then in pairs])
    return found


def compared_json(differences: Mapping[str, Paired]) -> dict[str, Any]:
    """A comparison in its stable shape."""
    return {
        name: {
            "difference": round(d.difference, 4),
            "low": round(d.low, 4),
            "high": round(d.high, 4),
            "p": round(d.p, 4),
            "n": d.n,
        }
        for name, d in differences.items()
    }


def trec_run(results: Sequence[Result], *, tag: str = "transcript-qa") -> str:
    """The passages found, a line each, as trec_eval reads them; scores fall with the rank, so that none is tied."""
    lines = [
        f"{_token(r.case.id)} Q0 {_token(hit.passage.id)} {hit.rank} {1 / hit.rank:.6f} {tag}"
        for r in results
        for hit in r.answer.hits
    ]
    return "".join(f"{line}\n" for line in lines)


def trec_qrels(results: Sequence[Result]) -> str:
    """The passages that hold the right turns, a line each, as trec_eval reads them."""
    lines = [f"{_token(r.case.id)} 0 {_token(passage)} {grade}" for r in results for passage, grade in r.qrels.items()]
    return "".join(f"{line}\n" for line in lines)


def _token(name: str) -> str:
    """A name without the blanks that part the columns."""
    return "_".join(name.split())
