"""What is read many at a time is what is read one by one; turns made late are the turns made at once."""

import copy
import pickle
from dataclasses import asdict, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transcript_qa.datatypes import Transcript, Turn
from transcript_qa.formats import cues, parse_transcript
from transcript_qa.formats.claims import Claims, Part
from transcript_qa.formats.cuetext import plain, plain_lines
from transcript_qa.formats.jsoncolumns import clocks, labels_of, texts_of, times_of
from transcript_qa.formats.jsonscan import as_text, scan
from transcript_qa.formats.segments import label_of, time_of
from transcript_qa.formats.times import clock

quick = settings(deadline=None, max_examples=150)
CALL = b"""WEBVTT

00:00:01.000 --> 00:00:02.000
Mira Voss: At what rate?

00:00:02.000 --> 00:00:03.500
Tomas Ekberg: Four percent.

00:00:03.500 --> 00:00:05.000
Mira Voss: Since when?

00:00:05.000 --> 00:00:06.000
Tomas Ekberg: Since June.
"""


def _read(data: bytes = CALL) -> Transcript:
    return parse_transcript(data, source="call.vtt").transcript


def _made(transcript: Transcript) -> bool:
    return "turns" in vars(transcript)


def test_turns_are_made_when_somebody_looks_and_only_once() -> None:
    transcript = _read()
    assert not _made(transcript)
    turns = transcript.turns
    assert type(turns) is tuple
    assert all(type(turn) is Turn for turn in turns)
    assert _made(transcript)
    assert transcript.turns is turns


@pytest.mark.parametrize(
    "twin",
    [copy.copy, copy.deepcopy, replace, lambda each: pickle.loads(pickle.dumps(each)), lambda _: _read()],
    ids=["copy", "deepcopy", "replace", "pickle", "read again"],
)
def test_a_transcript_with_turns_to_come_is_equal_to_its_twins(twin) -> None:
    transcript = _read()
    other = twin(transcript)
    assert other == transcript
    assert hash(other) == hash(transcript)
    assert other.turns == transcript.turns
    assert [turn.start_s for turn in other.turns] == [1.0, 2.0, 3.5, 5.0]


def test_all_that_is_done_with_fields_works_before_anybody_looked() -> None:
    assert asdict(_read())["turns"][1]["speaker"]["label"] == "Tomas Ekberg"
    assert [speaker.label for speaker in _read().speakers] == ["Mira Voss", "Tomas Ekberg"]
    assert "At what rate?" in repr(_read())
    with pytest.raises(AttributeError, match="nothing"):
        _read().nothing  # type: ignore[attr-defined]  # noqa: B018


_range = st.tuples(st.integers(0, 60), st.integers(1, 20)).map(lambda each: (each[0], each[0] + each[1]))


@quick
@given(st.lists(_range), st.lists(_range), st.integers(0, 90))
def test_gaps_are_what_no_range_covers(single: list[tuple[int, int]], many: list[tuple[int, int]], n_more: int) -> None:
    claims = Claims()
    for start, end in single:
        claims.add(start, end, Part.LABEL)
    claims.add_many([start for start, _ in many], [end for _, end in many], Part.WORDS)
    n_chars = max((end for _, end in (*single, *many)), default=0) + n_more
    open_ = set(range(n_chars)) - {at for start, end in (*single, *many) for at in range(start, end)}
    gaps = claims.gaps(n_chars)
    assert {at for start, end in gaps for at in range(start, end)} == open_
    assert all(start < end for start, end in gaps)
    assert sorted((start, end) for start, end, _ in claims) == sorted((*single, *many))


_tags = st.sampled_from(
    ("<c>", "</c>", "<00:00:01.000>", "<0>", "<", "<<", "c>", "</", ">", "&amp;", "{\\an8}", "<i>", "word", " ", ":")
)


@quick
@given(st.lists(st.lists(_tags, min_size=1, max_size=8).map("".join), min_size=1, max_size=5))
def test_tags_are_taken_from_many_lines_as_from_one(lines: list[str]) -> None:
    assert plain_lines(lines) == [plain(line) for line in lines]


_numbers = st.one_of(
    st.floats(-1, 2e7),
    st.floats(0, 4000).map(lambda at: round(at, 3)),
    st.integers(0, 10**7).map(lambda n: (n + 0.5) / 1e6),
    st.integers(-1, 10**8),
    st.just(float("nan")),
    st.just(10**400),
)
_odd = st.one_of(st.none(), st.booleans(), st.sampled_from(["3.1s", "00:03", "x", ""]), st.just([1]))


@quick
@given(st.lists(_numbers) | st.lists(_numbers | _odd), st.sampled_from([1.0, 0.001]))
def test_many_times_are_the_times_of_each(values: list[object], unit_s: float) -> None:
    assert times_of(values, unit_s=unit_s) == [time_of(value, unit_s=unit_s) for value in values]


@quick
@given(st.lists(st.none() | st.floats(0, 1e7)))
def test_many_clocks_are_the_clock_of_each(seconds: list[float | None]) -> None:
    assert clocks(seconds) == [None if at is None else clock(at) for at in seconds]


@quick
@given(
    st.lists(st.text(st.sampled_from("ab \ud800é"), max_size=4)), st.lists(st.one_of(st.text(), st.integers(), _odd))
)
def test_many_texts_and_labels_are_those_of_each(texts: list[str], labels: list[object]) -> None:
    assert texts_of(texts) == [as_text(text).strip() for text in texts]
    assert labels_of(labels) == [label_of(label) for label in labels]


_line = st.sampled_from(
    (
        *(
            "Mira Voss: at what rate",
            "so the loan",
            "Tomas: four",
            "- yes",
            ">> no",
            "[Music]",
            "<i></i>",
            "Mira Voss:",
        ),
        *("<v Ines>closed</v>", "<v Ines>open", "x &amp; y", "a<00:00:01.000><c> b</c>", "[SPEAKER_00]: hm", "\u00a0"),
    )
)
_captions = st.lists(st.lists(_line, min_size=1, max_size=3).map("\n".join), min_size=1, max_size=12)


@quick
@given(_captions)
def test_captions_read_many_at_a_time_are_those_read_one_by_one(texts: list[str]) -> None:
    blocks = (f"00:00:{n:02d}.000 --> 00:00:{n + 1:02d}.000\n{text}" for n, text in enumerate(texts))
    data = "\n\n".join(("WEBVTT", *blocks)).encode()
    with pytest.MonkeyPatch.context() as patch:
        found = _outcome(data)
        patch.setattr(cues._Joiner, "_unusual", lambda joiner, _: list(range(len(joiner._cues))))
        assert _outcome(data) == found


def _outcome(data: bytes) -> object:
    try:
        return parse_transcript(data, source="call.vtt")
    except ValueError as error:
        return str(error)


def test_the_places_in_a_list_are_found_when_asked_for() -> None:
    text = '{"a": [ {"b": 1} , [2],"c" ], "d": [], "a": [3, 4]}'
    document = scan(text)
    assert document is not None
    assert [text[slice(*place)] for place in document.elements(document.value["a"])] == ["3", "4"]
    assert document.elements(document.value["d"]) == []
    first = scan(text.replace('"a": [3, 4]', '"e": 5'))
    assert first is not None
    assert [text[slice(*place)] for place in first.elements(first.value["a"])] == ['{"b": 1}', "[2]", '"c"']


@pytest.mark.parametrize("broken", ["[1,]", "[1 2]", "[,]", "[1", '[{"a": 1},]', '{"a": [1,]}'])
def test_a_list_that_is_none_is_no_document(broken: str) -> None:
    assert scan(broken) is None
    assert scan(broken.replace("1", '"' + 700 * "x" + '"')) is None


_TURNS = '{"turns": [%s]}'
_TURN = '{"speaker": "Mira Voss", "start": %d, "text": "%s"}'


def test_a_field_nobody_knows_changes_nothing_but_what_is_left_out() -> None:
    said = ["At what rate?", "Four percent.", " ", "Early."]
    turns = [_TURN % (n, words) for n, words in enumerate(said)]
    plainly = parse_transcript((_TURNS % ",".join(turns)).encode(), source="x.json")
    marked = [turn.replace("}", ', "mood": "calm"}') for turn in turns]
    slowly = parse_transcript((_TURNS % ",".join(marked)).encode(), source="x.json")
    assert plainly.transcript.turns == slowly.transcript.turns
    assert plainly.transcript.text == slowly.transcript.text
    assert plainly.transcript.skipped == ()
    assert [each.reason for each in slowly.transcript.skipped] == ["field of the turns that is no speech: mood"]
