"""What is a speaker label, and who stands behind it."""

import pytest

from transcript_qa.datatypes import SpeakerKind
from transcript_qa.formats.labels import Shape, accept, shape
from transcript_qa.formats.people import speakers, split_title


@pytest.mark.parametrize(
    "label",
    [
        "Mira Voss",
        "President of Ruritania Mira Voss",
        "MS. JEAN-MARIE",
        "Sjoerd van der Lind",
        "Jean-Luc d'Arc",
        "Kelly O’Donnell",
        "Councillor Lind",
        "THE WITNESS",
        "Question",
        "SPEAKER_00",
        "Speaker 1",
        "FIRST ONE CREW MEMBER",
        "Лена Иванова",
    ],
)
def test_labels_that_are_clear_alone(label: str) -> None:
    assert shape(label) >= Shape.NAME


@pytest.mark.parametrize(
    "label",
    [
        *("", "So here is the thing", "Note", "the rate was 5", "Date", "Present", "Budget Update", "What I mean"),
        *("However", "I say", "Captain's Log's", "One", "A sentence that goes on. And on", "x" * 200),
    ],
)
def test_what_is_no_label(label: str) -> None:
    assert shape(label) is Shape.NONE


def test_a_word_seen_once_is_none_but_repeated_it_is() -> None:
    names = ["Mira Voss", "Tomas Ekberg"] * 4
    assert "Growth" not in accept([*names, "Growth"], n_blocks=9, text="growth")
    assert accept(["Travis", "Sarah"] * 3, n_blocks=20, text="") == {"Travis", "Sarah"}


def test_a_word_of_the_language_needs_more_than_two_sightings() -> None:
    assert not accept(["Mark", "Mark"], n_blocks=9, text="a mark on the wall")
    assert accept(["Mark", "Lena"] * 5, n_blocks=10, text="a mark on the wall") == {"Mark", "Lena"}


def test_the_roster_of_the_header_counts() -> None:
    assert accept(["Voss"], n_blocks=50, text="", roster=["Mira Voss"]) == {"Voss"}


def test_meeting_tool_names_are_labels_where_every_line_has_one() -> None:
    labels = ["Mira Voss", "fdifabio", "Mira Voss", "iPhone (2)"] * 3
    assert accept(labels, n_blocks=12, text="") == {"Mira Voss", "fdifabio", "iPhone (2)"}
    assert accept(["Mira Voss", "fdifabio"], n_blocks=60, text="") == {"Mira Voss"}


def test_full_title_and_bare_name_are_one_speaker() -> None:
    found = speakers(["President of Ruritania Mira Voss", "Question", "Mira Voss", "Tomas Ekberg"])
    voss = found["Mira Voss"]
    assert voss is found["President of Ruritania Mira Voss"]
    assert (voss.label, voss.name, voss.role, voss.aliases) == (
        "President of Ruritania Mira Voss",
        "Mira Voss",
        "President of Ruritania",
        ("Mira Voss",),
    )
    assert found["Tomas Ekberg"].aliases == ()


def test_two_people_of_one_name_are_not_merged() -> None:
    found = speakers(["Mayor John Lind", "Doctor John Lind", "John Lind"])
    assert len({speaker.label for speaker in found.values()}) == 3
    found = speakers(["Anna Maria Lind", "Maria Lind"])
    assert len({speaker.label for speaker in found.values()}) == 2


def test_case_alone_makes_no_second_speaker() -> None:
    assert speakers(["MIRA VOSS", "Mira Voss"])["Mira Voss"].label == "MIRA VOSS"


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("Q", SpeakerKind.ROLE),
        ("Question", SpeakerKind.ROLE),
        ("The Witness", SpeakerKind.ROLE),
        ("Operator", SpeakerKind.ROLE),
        ("Reply", SpeakerKind.ROLE),
        ("Remark", SpeakerKind.ROLE),
        ("Unknown Speaker", SpeakerKind.ROLE),
        ("SPEAKER_00", SpeakerKind.DIARISED),
        ("Speaker 1", SpeakerKind.DIARISED),
        ("A", SpeakerKind.DIARISED),
        ("", SpeakerKind.UNKNOWN),
        ("Mira", SpeakerKind.NAMED),
    ],
)
def test_kinds(label: str, kind: SpeakerKind) -> None:
    speaker = speakers([label])[label]
    assert speaker.kind is kind
    assert (speaker.name is None) == (kind is not SpeakerKind.NAMED)


def test_a_beside_q_is_a_role() -> None:
    found = speakers(["Q", "A"])
    assert found["A"].kind is SpeakerKind.ROLE
    assert found["A"].name is None


@pytest.mark.parametrize(
    ("label", "role", "name"),
    [
        ("Town Clerk Harriet Plumb", "Town Clerk", "Harriet Plumb"),
        ("Minister of Foreign Affairs Mira Voss", "Minister of Foreign Affairs", "Mira Voss"),
        ("President of South Ruritania Mira Voss", "President of South Ruritania", "Mira Voss"),
        # Where the place ends and the name begins cannot be known: the label stays whole.
        ("President of Ruritania Mira Elena Voss", None, "President of Ruritania Mira Elena Voss"),
        ("Stephen King", None, "Stephen King"),
        ("Dean Smith", None, "Dean Smith"),
        ("Justin Flor (Besk)", "Besk", "Justin Flor"),
        ("Mira Voss, Treasurer", "Treasurer", "Mira Voss"),
        ("Voss, Mira", None, "Mira Voss"),
        ("Senior Administration Official", None, None),
        (
            "Editor-in-Chief of the Besk Gazette newspaper Mira Voss",
            "Editor-in-Chief of the Besk Gazette newspaper",
            "Mira Voss",
        ),
        ("Besk magazine Editor-in-Chief Mira Voss", "Besk magazine Editor-in-Chief", "Mira Voss"),
        ("The PRESIDENT pro tempore", None, None),
        ("mayor mira voss", "mayor", "mira voss"),
        ("Minister Mira van der Voss", "Minister", "Mira van der Voss"),
        ("Mary Smith-Warden", None, "Mary Smith-Warden"),
    ],
)
def test_titles(label: str, role: str | None, name: str | None) -> None:
    assert split_title(label) == (role, name)


@pytest.mark.parametrize(
    ("printed", "groups"),
    [
        (["Mira Voss", "Voss", "MS. VOSS"], [["Mira Voss", "Voss", "MS. VOSS"]]),
        (["MS. VOSS", "Mira Voss"], [["MS. VOSS", "Mira Voss"]]),
        (["Voss, Mira (Treasury)", "Mira Voss"], [["Voss, Mira (Treasury)", "Mira Voss"]]),
        (["Ms. Mira Voss (Harbour, Ind.)", "Ms. Mira Voss"], [["Ms. Mira Voss (Harbour, Ind.)", "Ms. Mira Voss"]]),
        (["Mayor of Ostrany Mira Voss", "Mira Voss", "Voss"], [["Mayor of Ostrany Mira Voss", "Mira Voss", "Voss"]]),
        # A father and a son, a wife and a husband, a first name only, a title that only one of them has: not certain.
        (["Mira Voss", "Tomas Voss", "Voss"], [["Mira Voss"], ["Tomas Voss"], ["Voss"]]),
        (["Mr. Voss", "Ms. Voss", "Mira Voss"], [["Mr. Voss"], ["Ms. Voss"], ["Mira Voss"]]),
        (["Mira", "Mira Voss"], [["Mira"], ["Mira Voss"]]),
        (["Voss", "Voss Ekberg", "Mira Voss"], [["Voss"], ["Voss Ekberg"], ["Mira Voss"]]),
        (["Senator Voss", "Mira Voss"], [["Senator Voss"], ["Mira Voss"]]),
        (["Q", "A", "SPEAKER_00", "Speaker 1", "Voss"], [["Q"], ["A"], ["SPEAKER_00"], ["Speaker 1"], ["Voss"]]),
    ],
)
def test_labels_are_made_one_person_only_where_certain(printed: list[str], groups: list[list[str]]) -> None:
    found = dict.fromkeys(speakers(printed).values())
    assert [[one.label, *one.aliases] for one in found] == groups


def test_the_fullest_name_and_the_role_are_kept() -> None:
    (one,) = set(speakers(["MS. VOSS", "Voss, Mira (Treasury)"]).values())
    assert (one.name, one.role) == ("Mira Voss", "Treasury")
    (one,) = set(speakers(["Right Hon. Mira Voss (Prime Minister)"]).values())
    assert (one.name, one.role) == ("Mira Voss", "Prime Minister")
