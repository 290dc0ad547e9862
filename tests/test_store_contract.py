"""What every back end of `Store` owes its callers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders import DIM, EMBEDDER, Entry, make_corpus, make_entry, make_report, make_source, make_vectors
from transcript_qa.errors import InvalidArgumentError, UnknownTranscriptError
from transcript_qa.store import EmbedderInfo, LocalStore, MilvusStore, Scored, Selection, Store

Opener = Callable[[Path, EmbedderInfo], Store]

lite = pytest.mark.skipif(find_spec("milvus_lite") is None, reason="Milvus Lite is not installed")
BACK_ENDS: list[Opener] = [
    pytest.param(lambda path, embedder: LocalStore.open_or_create(path, embedder), id="local"),  # type: ignore[list-item]
    pytest.param(
        lambda path, embedder: MilvusStore.open_or_create(f"milvus-lite:{path}", embedder), id="milvus-lite", marks=lite
    ),  # type: ignore[list-item]
]


@pytest.fixture(params=BACK_ENDS, scope="module")
def opener(request: pytest.FixtureRequest) -> Opener:
    return request.param


@pytest.fixture
def store(opener: Opener, tmp_path: Path) -> Iterator[Store]:
    with opener(tmp_path / "index", EMBEDDER) as one:
        yield one


CORPUS = make_corpus()
PASSAGES = [passage for entry in CORPUS for passage in entry.passages]
VECTORS = np.concatenate([entry.vectors for entry in CORPUS])
LABELS = sorted({(p.transcript_id, label) for p in PASSAGES for label in p.speakers})


@pytest.fixture(scope="module")
def full(opener: Opener, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store with the corpus in it, not to be changed."""
    with opener(tmp_path_factory.mktemp("full") / "index", EMBEDDER) as one:
        fill(one, CORPUS)
        yield one


def fill(store: Store, entries: list[Entry]) -> None:
    for entry in entries:
        entry.put_into(store)


def ids(hits: list[Scored]) -> list[str]:
    return [hit.passage_id for hit in hits]


def keeps(selection: Selection | None) -> list[int]:
    """Brute force: which of PASSAGES a selection keeps."""
    kept = []
    for place, passage in enumerate(PASSAGES):
        if selection is not None:
            if selection.transcripts is not None and passage.transcript_id not in selection.transcripts:
                continue
            pairs = {(passage.transcript_id, label) for label in passage.speakers}
            if selection.speakers is not None and not pairs & selection.speakers:
                continue
        kept.append(place)
    return kept


selections = st.none() | st.builds(
    Selection,
    transcripts=st.none() | st.frozensets(st.sampled_from([*(e.transcript.id for e in CORPUS), "nowhere"]), max_size=4),
    speakers=st.none() | st.frozensets(st.sampled_from([*LABELS, ("meeting-0", "NOBODY"), ("no", "VOSS")]), max_size=6),
)
many = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@many
@given(selection=selections, seed=st.integers(0, 2**32 - 1), k=st.integers(1, 150))
def test_dense_equals_brute_force_under_any_selection(full: Store, selection: Selection, seed: int, k: int) -> None:
    query = np.random.default_rng(seed).standard_normal(DIM).astype(np.float32)
    query /= np.linalg.norm(query)
    hits = full.search_dense(query, k=k, selection=selection)
    kept = keeps(selection)
    truth = {PASSAGES[place].id: float(VECTORS[place] @ query) for place in kept}
    assert len(hits) == min(k, len(kept))
    assert len(set(ids(hits))) == len(hits)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    for hit in hits:
        assert hit.score == pytest.approx(truth[hit.passage_id], abs=2e-3)
    if len(hits) < len(kept):
        assert max(score for one, score in truth.items() if one not in ids(hits)) <= hits[-1].score + 2e-3


@many
@given(
    selection=selections,
    terms=st.lists(st.sampled_from(["loan", "harbour", "ferry", "yeah", "voss", "zebra"]), min_size=1, max_size=3),
    k=st.integers(1, 150),
)
def test_keyword_equals_brute_force_under_any_selection(
    full: Store, selection: Selection, terms: list[str], k: int
) -> None:
    hits = full.search_keyword(terms, k=k, selection=selection)
    everywhere = full.search_keyword(terms, k=len(PASSAGES))
    allowed = {PASSAGES[place].id for place in keeps(selection)}
    assert hits == [hit for hit in everywhere if hit.passage_id in allowed][:k]
    matching = {p.id for p in PASSAGES if set(terms) & set(p.text.lower().replace(".", " ").replace(":", " ").split())}
    assert set(ids(everywhere)) == matching
    assert all(hit.score > 0 for hit in everywhere)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_equal_texts_keep_ids_of_their_own_and_tie_in_order(full: Store) -> None:
    alike = [p.id for p in PASSAGES if p.text == "TAN: Yeah."]
    assert len(alike) > 2
    dense = full.search_dense(make_vectors(["TAN: Yeah."])[0], k=len(alike))
    assert ids(dense) == alike
    assert len({hit.score for hit in dense}) == 1
    assert dense[0].score == pytest.approx(1, abs=2e-3)
    found = ids(full.search_keyword(["yeah", "tan"], k=len(PASSAGES)))
    assert [one for one in found if one in alike] == alike
    # A tie across the k-th place is cut in order of the passages too.
    assert ids(full.search_dense(make_vectors(["TAN: Yeah."])[0], k=2)) == alike[:2]
    assert ids(full.search_keyword(["yeah", "tan"], k=2)) == alike[:2]


def test_an_empty_index_finds_nothing(store: Store) -> None:
    assert store.search_dense(make_vectors(["x"])[0], k=5) == []
    assert store.search_keyword(["loan"], k=5) == []
    assert store.passage_count() == 0
    assert store.infos() == ()
    assert store.titles() == {}
    assert store.sources() == {}
    assert store.passages(["a:0-0"]) == []
    assert store.health() == []
    store.save()
    assert store.search_dense(make_vectors(["x"])[0], k=5) == []


def test_no_matching_word_no_keyword_hit(full: Store) -> None:
    assert full.search_keyword(["zebra"], k=10) == []
    assert full.search_keyword([], k=10) == []


@pytest.mark.parametrize("terms", [['"'], ["*"], ["-"], ["("], [""], [" "], ["''"], ["\0"], ["\ud800"], ["\\"], ["^"]])
def test_terms_without_a_letter_find_nothing(full: Store, terms: list[str]) -> None:
    assert full.search_keyword(terms, k=10) == []
    assert full.search_keyword([*terms, "loan"], k=10) == full.search_keyword(["loan"], k=10)


@pytest.mark.parametrize("term", ["NEAR", "AND", "OR", "NOT", "words:", "rowid", "near(", "{words}", "^start", "+tail"])
def test_operators_are_words(full: Store, term: str) -> None:
    assert full.search_keyword([term], k=10) == []
    assert full.search_keyword([term, "loan"], k=10) == full.search_keyword(["loan"], k=10)
    assert full.search_keyword([f'lo"{term}', f'"loan" {term} "ferry'], k=10) == []


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(terms=st.lists(st.text(max_size=12), max_size=6))
def test_any_terms_are_harmless(full: Store, terms: list[str]) -> None:
    full.search_keyword(terms, k=3)


def test_a_thousand_terms_are_searched(full: Store) -> None:
    assert full.search_keyword([*(f"zebra{n}" for n in range(1000)), "loan"], k=5)


WORDS = [
    ("Der Café-Betrieb in der Straße, naïve Zoë.", "cafe", True),
    ("Der Cafe\u0301-Betrieb.", "café", True),
    ("Der Café-Betrieb.", "cafe", True),
    ("In der Straße.", "strasse", True),
    ("ﬁnal ＬＯＡＮ", "loan", True),
    ("ﬁnal ＬＯＡＮ", "final", True),
    ("The loans were repaid.", "loan", True),
    ("The Board’s vote", "board", True),
    ("The board", "board's", True),
    ("Rates rose to 4.5 percent", "4.5", True),
    ("Rates rose to 4 or 5, 5.4 at most", "4.5", False),
    ("会议讨论了贷款利率问题", "贷款", True),
    ("会议讨论了贷款利率问题", "利率", True),
    ("会议讨论了贷款利率问题", "率利", False),
    ("会议讨论了贷款利率问题", "什么贷款利率", True),
    ("会议讨论了贷款利率问题", "贷", True),
    ("会议讨论了贷款利率问题", "天气", False),
    ("融資についての会議でした。", "融資", True),
    ("대출을 받았습니다", "대출", True),
    ("대출을 받았습니다", "대출이", True),
    ("대출을 받았습니다", "학교", False),
    ("ประชุมเรื่องเงินกู้", "เงินกู้", True),
    ("हिन्दी में बैठक", "हिन्दी", True),
    ("اجتماع بشأن القرض", "القرض", True),
    ("Заём обсуждался", "заём", True),
    ("Η ΣΥΝΕΔΡΊΑΣΗ για το ΔΆΝΕΙΟ", "συνεδρίαση", True),
]


@pytest.mark.parametrize(("said", "term", "found"), WORDS)
def test_words_of_any_language(store: Store, said: str, term: str, found: bool) -> None:
    make_entry("a", [("TAN", "Nothing of the kind."), ("VOSS", said)]).put_into(store)
    assert ids(store.search_keyword([term], k=5)) == (["a:1-1"] if found else [])
    make_entry("a", [("TAN", "Nothing of the kind."), ("VOSS", "Gone.")]).put_into(store)
    assert store.search_keyword([term], k=5) == []


def test_a_transcript_comes_back_as_it_was_put(full: Store) -> None:
    for entry in CORPUS:
        assert full.transcript(entry.transcript.id) == entry.transcript
        assert full.passages([p.id for p in entry.passages]) == list(entry.passages)


def test_passages_come_in_the_order_given(full: Store) -> None:
    wanted = [PASSAGES[7].id, PASSAGES[2].id, "nowhere:0-0", PASSAGES[7].id]
    assert full.passages(wanted) == [PASSAGES[7], PASSAGES[2], PASSAGES[7]]
    every = [passage.id for passage in PASSAGES] * 9
    assert [passage.id for passage in full.passages(every)] == every


def test_infos_count_what_there_is(full: Store) -> None:
    infos = full.infos()
    assert [info.id for info in infos] == [entry.transcript.id for entry in CORPUS]
    for info, entry in zip(infos, CORPUS, strict=True):
        transcript = entry.transcript
        assert (info.title, info.date, info.place) == (transcript.title, transcript.date, transcript.place)
        assert (info.source, info.media_url, info.format) == (transcript.source, None, "names")
        assert (info.n_turns, info.n_passages) == (len(transcript.turns), len(entry.passages))
        assert info.duration_s == transcript.turns[-1].end_s
        assert info.n_words == sum(len(transcript.words_of(turn).split()) for turn in transcript.turns)
        assert tuple(one.speaker for one in info.speakers) == transcript.speakers
        for one in info.speakers:
            turns = [turn for turn in transcript.turns if turn.speaker.label == one.speaker.label]
            assert one.n_turns == len(turns)
            assert one.n_words == sum(len(transcript.words_of(turn).split()) for turn in turns)
        assert info.added_at.utcoffset() is not None
    assert full.passage_count() == len(PASSAGES)
    assert full.titles() == {entry.transcript.id: entry.transcript.title for entry in CORPUS}


def test_infos_are_sorted_by_title_then_id(store: Store) -> None:
    for name, title in [("c", "Alpha"), ("a", "Beta"), ("b", "Alpha")]:
        make_entry(name, [("TAN", "Hello.")], title=title).put_into(store)
    assert [info.id for info in store.infos()] == ["b", "c", "a"]


def test_save_close_and_reopen_find_the_same(opener: Opener, tmp_path: Path) -> None:
    query = make_vectors(["the loan"])[0]
    with closing(opener(tmp_path / "index", EMBEDDER)) as store:
        fill(store, CORPUS)
        dense, keyword = store.search_dense(query, k=200), store.search_keyword(["loan", "ferry"], k=200)
        store.set_setting("language", "en")
        generation = store.generation
        store.save()
        store.save()
        assert store.search_dense(query, k=200) == dense
    with closing(opener(tmp_path / "index", EMBEDDER)) as store:
        assert store.search_dense(query, k=200) == dense
        assert store.search_keyword(["loan", "ferry"], k=200) == keyword
        assert (store.embedder, store.generation) == (EMBEDDER, generation)
        assert store.settings() == {"language": "en"}
        assert store.health() == []
        assert store.transcript("meeting-3") == CORPUS[3].transcript


def test_replacing_leaves_nothing_of_the_old(store: Store) -> None:
    fill(store, CORPUS)
    store.save()
    old = store.search_keyword(["loan"], k=200, selection=Selection(transcripts=frozenset({"meeting-1"})))
    assert old
    assert store.transcript("meeting-1") == CORPUS[1].transcript
    before = store.generation
    new = make_entry("meeting-1", [("ABEL", "A zebra."), ("TAN", "Two zebras.")], title="New title")
    new.put_into(store)
    assert store.generation > before
    assert store.transcript("meeting-1") == new.transcript
    assert store.titles()["meeting-1"] == "New title"
    assert ids(store.search_keyword(["zebra"], k=9)) == ["meeting-1:0-0", "meeting-1:1-1"]
    only = Selection(transcripts=frozenset({"meeting-1"}))
    assert store.search_keyword(["loan"], k=200, selection=only) == []
    assert ids(store.search_dense(new.vectors[1], k=2, selection=only)) == ["meeting-1:1-1", "meeting-1:0-0"]
    assert ids(store.search_dense(new.vectors[1], k=1)) == ["meeting-1:1-1"]
    assert store.passage_count() == len(PASSAGES) - len(CORPUS[1].passages) + 2
    gone = {p.id for p in CORPUS[1].passages} - {p.id for p in new.passages}
    assert not gone & set(ids(store.search_dense(new.vectors[0], k=500)))
    store.save()
    assert store.health() == []


def test_removing_leaves_nothing(store: Store) -> None:
    fill(store, CORPUS)
    assert store.transcript("meeting-2")
    store.remove("meeting-2")
    assert len(store.infos()) == len(CORPUS) - 1
    assert store.passages([p.id for p in CORPUS[2].passages]) == []
    assert CORPUS[2].transcript.source not in store.sources()
    everywhere = ids(store.search_dense(VECTORS[0], k=500)) + ids(store.search_keyword(["loan", "yeah"], k=500))
    assert not any(one.startswith("meeting-2:") for one in everywhere)
    with pytest.raises(UnknownTranscriptError, match=r"meeting-2.*Did you mean"):
        store.transcript("meeting-2")
    with pytest.raises(UnknownTranscriptError):
        store.remove("meeting-2")
    for entry in CORPUS:
        if entry.transcript.id != "meeting-2":
            store.remove(entry.transcript.id)
    assert store.search_dense(VECTORS[0], k=5) == []
    assert store.search_keyword(["loan"], k=5) == []
    store.save()
    assert store.health() == []


def test_sources_are_known_by_path(store: Store) -> None:
    fill(store, CORPUS[:2])
    one, other = (make_source(entry.transcript) for entry in CORPUS[:2])
    assert store.sources() == {one.path: ("meeting-0", one), other.path: ("meeting-1", other)}
    generation = store.generation
    touched = replace(one, mtime_ns=one.mtime_ns + 5)
    store.touch_source("meeting-0", touched)
    assert store.sources()[one.path] == ("meeting-0", touched)
    moved = replace(one, path="elsewhere/é.txt")
    store.touch_source("meeting-0", moved)
    assert store.sources() == {other.path: ("meeting-1", other), moved.path: ("meeting-0", moved)}
    assert store.generation == generation
    with pytest.raises(UnknownTranscriptError):
        store.touch_source("nowhere", one)


def test_a_transcript_without_passages(store: Store) -> None:
    entry = make_entry("a", [("TAN", "Hello.")])
    transcript = replace(entry.transcript, turns=(), text="")
    store.put(make_report(transcript), (), np.empty((0, DIM), dtype=np.float32), make_source(transcript))
    CORPUS[0].put_into(store)
    assert store.transcript("a") == transcript
    assert ids(store.search_dense(CORPUS[0].vectors[0], k=1)) == [CORPUS[0].passages[0].id]
    assert store.search_dense(VECTORS[0], k=3, selection=Selection(transcripts=frozenset({"a"}))) == []


def test_what_does_not_fit_is_refused_and_leaves_no_trace(store: Store) -> None:
    entry = make_entry("a", [("TAN", "One."), ("VOSS", "Two.")])
    report, source = make_report(entry.transcript), make_source(entry.transcript)
    nan = entry.vectors.copy()
    nan[1, 3] = np.nan
    twice = (entry.passages[0], replace(entry.passages[1], id=entry.passages[0].id))
    foreign = (entry.passages[0], replace(entry.passages[1], text="Three."))
    for passages, vectors in [
        (entry.passages, entry.vectors[:1]),
        (entry.passages, entry.vectors[:, :4]),
        (entry.passages, nan),
        (twice, entry.vectors),
        (foreign, entry.vectors),
    ]:
        with pytest.raises(InvalidArgumentError):
            store.put(report, passages, vectors, source)
    assert store.infos() == ()
    assert store.search_keyword(["one"], k=3) == []
    entry.put_into(store)
    assert store.passage_count() == 2


def test_bad_queries_are_refused(full: Store) -> None:
    for query in (np.ones(DIM + 1), np.full(DIM, np.nan), np.ones((1, DIM))):
        with pytest.raises(InvalidArgumentError):
            full.search_dense(query, k=3)
    for k in (0, -1):
        with pytest.raises(InvalidArgumentError):
            full.search_dense(VECTORS[0], k=k)
        with pytest.raises(InvalidArgumentError):
            full.search_keyword(["loan"], k=k)
    assert full.search_dense(np.zeros(DIM), k=3) == []
    longer, unit = full.search_dense(VECTORS[0] * 7, k=3), full.search_dense(VECTORS[0], k=3)
    assert ids(longer) == ids(unit)
    assert [hit.score for hit in longer] == pytest.approx([hit.score for hit in unit], abs=1e-6)


def test_a_closed_store_says_so(opener: Opener, tmp_path: Path) -> None:
    store = opener(tmp_path / "index", EMBEDDER)
    store.close()
    store.close()
    with pytest.raises(ValueError, match="closed"):
        store.infos()


def test_what_is_stored_can_be_put_elsewhere(full: Store) -> None:
    for entry in CORPUS:
        found = full.stored(entry.transcript.id)
        assert found.report == make_report(entry.transcript)
        assert found.passages == entry.passages
        assert np.array_equal(found.vectors, entry.vectors.astype(np.float16).astype(np.float32))
        assert found.source == make_source(entry.transcript)
        assert full.source(found.source.path) == (entry.transcript.id, found.source)
    assert full.source("nowhere") is None
    with pytest.raises(UnknownTranscriptError):
        full.stored("nowhere")


def test_settings_are_kept(store: Store) -> None:
    store.set_setting("a", "1")
    store.set_setting("a", "2")
    store.set_setting("b", "é")
    assert store.settings() == {"a": "2", "b": "é"}
    assert isinstance(store.generation, int)
