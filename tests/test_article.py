from __future__ import annotations

from pathlib import Path

import pytest

from conftest import ROOT
from transcript_qa import TranscriptQA
from transcript_qa.cli import run
from transcript_qa.embed import HashingEmbedder
from transcript_qa.grounding.article import CheckedClaim, check_article
from transcript_qa.grounding.article_report import article_html, claims_json
from transcript_qa.grounding.claims import find_claims

MINUTES = """# Minutes of the visit

Date: 19 March 2024

“The Tessaline Development Bank has approved a loan of 240 million crowns for Ostrany,” said Ketrin Halvey. Ilmar
Dreskov replied that trade between the two countries came to 1.86 billion crowns last year.

Pavo Lindqvar told the press: "The interest is fixed at 3.1 percent for the whole period."

- **Ilmar Dreskov**: It was put up in 1937 by army engineers

> The interest is fixed at [3.1 percent](https://example.org/rate) for the whole period.
> — Pavo Lindqvar
"""
DOCTORED = (
    MINUTES.replace("240 million", "260 million", 1)
    .replace("1.86", "1.96")
    .replace("Pavo Lindqvar told", "Halvey told")
    + "\nDreskov added: “We shall build a railway to the moon before the winter.”\n"
)


@pytest.fixture(scope="module")
def qa(tmp_path_factory: pytest.TempPathFactory) -> TranscriptQA:
    index = tmp_path_factory.mktemp("article")
    return TranscriptQA.build(ROOT / "corpus", index=index, embedder=HashingEmbedder())


def check(qa: TranscriptQA, article: str) -> list[CheckedClaim]:
    return check_article(article, qa.quote_finder(), lambda text, who: qa.check_statement(text, speaker=who))


@pytest.mark.parametrize(
    ("article", "claims"),
    [
        ("“We closed it,” said Mira Voss.", [("We closed it,", "Mira Voss")]),
        ("Ms. Voss said: “We closed it.”", [("We closed it.", "Ms. Voss")]),
        ("Voss, the treasurer, told the board that “we closed it”.", [("we closed it", "Voss")]),
        (
            "“We closed it now,” Voss said on Friday. “It is done.”",
            [("We closed it now,", "Voss"), ("It is done.", "Voss")],
        ),
        ("Voss said: “It is done.” Tan replied: “At last, yes.”", [("It is done.", "Voss"), ("At last, yes.", "Tan")]),
        ('According to Voss, "we closed it".', [("we closed it", "Voss")]),
        ("«We closed it», according to Mira Voss.", [("We closed it", "Mira Voss")]),
        ("“We closed it now,” she said.", [("We closed it now,", None)]),
        ("The “loan” was large.", []),
        ("Voss: “We closed it.”", [("We closed it.", "Voss")]),
        ("Voss: We closed it.\nDate: Monday morning", [("We closed it.", "Voss")]),
        ("Voss said that the loan was closed.", [("the loan was closed.", "Voss")]),
        ("> We closed it on Friday.\n> — Mira Voss", [("We closed it on Friday.", "Mira Voss")]),
        ("```\n“code is no speech”\n```", []),
    ],
)
def test_who_is_said_to_have_said_what(article: str, claims: list[tuple[str, str | None]]) -> None:
    found = find_claims(article, is_speaker=lambda name: name == "Voss")
    assert [(claim.text, claim.speaker) for claim in found] == claims


def test_undoctored_minutes_pass_and_doctored_ones_are_caught_in_full(qa: TranscriptQA) -> None:
    faithful = check(qa, MINUTES)
    assert len(faithful) == 5
    assert all(one.outcome.passes for one in faithful)
    caught = [(one.outcome.value, one.claim.speaker) for one in check(qa, DOCTORED) if not one.outcome.passes]
    assert caught == [
        ("altered", "Ketrin Halvey"),
        ("altered", "Ilmar Dreskov"),
        ("misattributed", "Halvey"),
        ("fabricated", "Dreskov"),
    ]


def test_the_page_marks_every_claim_and_escapes_what_it_shows(qa: TranscriptQA) -> None:
    article = DOCTORED + "\n“<script>alert(1)</script> was never said here,” said Tan.\n"
    claims = check(qa, article)
    page = article_html("m<b>.md", article, claims, qa.transcripts())
    assert page.count("<mark ") == len(claims)
    assert "<script>" not in page
    assert "m&lt;b&gt;.md" in page
    data = claims_json("m.md", claims)
    assert data["passed"] is False
    assert all(article[slice(*one["span"])].split()[0] in one["text"] for one in data["claims"])


@pytest.fixture(scope="module")
def index(qa: TranscriptQA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli")
    with TranscriptQA.build(ROOT / "corpus", index=folder, embedder=HashingEmbedder()):
        return folder


def test_verify_file_in_the_terminal(index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    docx = pytest.importorskip("docx")
    good, bad, page = tmp_path / "good.md", tmp_path / "bad.docx", tmp_path / "bad.html"
    good.write_text(MINUTES, "utf-8")
    document = docx.Document()
    for paragraph in DOCTORED.split("\n\n"):
        document.add_paragraph(" ".join(paragraph.split()))
    document.save(str(bad))
    assert run(["verify", str(good), "--index", str(index)]) == 0
    assert "5 checked" in capsys.readouterr().out
    assert run(["verify", str(bad), "--index", str(index), "--html", str(page)]) == 1
    shown = capsys.readouterr().out
    assert "“260 million” for “240 million”" in shown
    assert "fabricated, said by nobody" in shown
    assert page.read_text("utf-8").count('class="bad"') >= 4
    assert run(["verify", str(good), "--quotes-only", "--index", str(index)]) == 0


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["minutes.md"], 1, "there is no such file"),
        (["a quote", "--html", "x.html"], 2, "are for a file"),
    ],
)
def test_what_verify_refuses(
    index: Path, arguments: list[str], status: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["verify", *arguments, "--index", str(index)]) == status
    assert message in capsys.readouterr().err
