"""Words that tell a speaker label from a heading: titles, offices, roles, fields of a header.

All folded. English, as are the sources; a label in any language is still accepted by its shape.
"""

from __future__ import annotations

import re


def _phrases(text: str) -> frozenset[str]:
    return frozenset(phrase.strip() for phrase in text.replace("\n", "|").split("|"))


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


HONORIFICS = _words("mr mrs ms miss dr hon prof professor sir dame lord lady rev fr sr sra herr frau mme m")

PARTICLES = _words(
    "of the and for to de van von der den da di la le del della dos das du des bin ibn al el ben y e zu ter ten af av "
    "st & at in on"
)

TITLES = _words(
    "president vice-president minister premier chancellor mayor councillor councilor alderman governor senator deputy "
    "secretary ambassador representative rep sen congressman congresswoman delegate commissioner treasurer clerk "
    "chair chairman chairwoman chairperson chief director manager officer general colonel major captain lieutenant "
    "sergeant admiral judge justice attorney counsel prosecutor inspector constable detective superintendent principal "
    "dean king queen prince princess bishop archbishop father sister brother rabbi imam pastor speaker whip "
    "resident member spokesman spokeswoman spokesperson adviser advisor aide assistant engineer editor correspondent "
    "host cohost co-host professor doctor nurse coach head founder ceo cto cfo coo analyst economist solicitor "
    "barrister surveyor auditor registrar provost rector marshal envoy co-chair co-chairman lecturer student witness "
    "official assemblyman assemblywoman assemblymember supervisor trustee warden harbourmaster"
)

# Nouns that stand in the name of an office and never in the name of a person.
OFFICES = _words(
    "affairs finance defence defense economic economy development trade health education interior emergency situations "
    "republic federation kingdom state states union committee commission council bank board government administration "
    "agency department ministry office service services party group company university institute association "
    "foreign prime first deputy acting former executive vice town city county district region regional national "
    "federal public joint press security energy transport agriculture culture sport sports labour labor"
)

ROLES = _phrases(
    """q|me|them|question|questions|answer|reply|response|remark|remarks|the witness|witness|operator|moderator
    interviewer
    interviewee|the court|court|the clerk|the court reporter|court reporter|court clerk|reporter|reporters|chair
    the chair|chairman|chairwoman|chairperson|chairman of the meeting|mr chairman|madam chair|the president|the speaker
    the deponent|deponent|the interpreter|interpreter|translator|audience|audience member|audience question
    member of the audience|voice from the audience|voice|voices|from the floor|from the audience|unidentified speaker
    unidentified male|unidentified female|unidentified|unknown speaker|unknown|unidentified participant
    participant|participants|speaker
    male speaker|female speaker|male voice|female voice|man|woman|narrator|announcer|caller|host|guest|presenter
    all|several|several voices|questioner|student|teacher|agent|customer|client|doctor|patient|analyst|press|media
    journalist|correspondent|secretary|clerk|presiding officer|the presiding officer|mayor|the mayor
    president|vice president|minister|prime minister|senior administration official|senior official
    official|spokesperson|the bailiff|bailiff|the defendant|the plaintiff
    the videographer|videographer|counsel|attorney|the arbitrator|juror|the foreperson|coordinator|organizer|facilitator
    project manager|user interface|industrial designer|marketing|marketing expert
    conference operator|interviewer 1|respondent|nurse|member|some honourable members|an honourable member|hon members
    some hon. members|an hon. member|captain|pilot|control|dispatcher|delegate|panelist|panellist|attendee"""
)

# Labels of a header's lines, and words that stand in front of a colon in speech; none is ever a speaker.
FIELDS = _phrases(
    """date|time|place|location|venue|title|subject|topic|topics|present|in attendance|attendance|attendees|apologies
    absent|participants|agenda|recording|recorded|audio|video|media|duration|length|language|speakers|transcript
    transcribed by|transcript by|transcript_by|transcribed|transcription|source|url|link|links|file|author|authors|tags
    category|categories|published|updated|version|copyright|licence|license|keywords|summary|abstract|description|note
    notes|nb|n.b|ps|p.s|warning|caution|tip|hint|example|examples|for example|conclusion|background|introduction|kind
    from|to|cc|bcc|re|fwd|sent|reply-to|episode|series|season|chapter|section|part|step|figure|table|item|motion|vote
    result|results|action|actions|action item|action items|decision|decisions|next steps|todo|fixme|important|remember
    update|correction|editor's note|question of the day|contents|references|see also|appendix|phone|email|fax|address
    website|font size|site colours|site colors|view settings|print version|publication status|publication date|meeting
    status|type|name|id|key|value|error|info|debug|exception|traceback|http|https|ftp|mailto|format|style|region
    yes|no|ok|okay|well|right|so|now|first|second|third|finally|also|however|meaning|namely|thus|hence|therefore
    look|listen|wait|sorry|thanks|thank you|please|today|tomorrow|yesterday|monday|tuesday|wednesday|thursday|friday
    saturday|sunday|rule|answer key|fact|myth|pros|cons|ingredients|directions|instructions|requirements|usage
    dialogue|comment
    here|there|again|plus|point|bottom line|quote|unquote|translation|original|reason|because|problem|solution"""
)

# Labels that some podcasts print in front of what is no speech.
BREAKS = _phrases("break|ad break|sponsor|sponsor break|sponsors|music|intro music|outro music|advertisement|jingle")

# Surnames that are titles too: "Stephen King".
SURNAMES = _words("king dean bishop prince judge major marshal pastor provost head coach constable chancellor")

# Joining words of an office ("Minister of Finance") that stand in no name of a person.
JOINERS = _words("of the for and to & at in on")

HEADINGS = _words(
    "agenda remarks news update updates notes note summary question questions topic topics item items action actions "
    "part chapter section step steps option options figure table next key point points example overview introduction "
    "conclusion background results result details resources links references transcript recording opening closing "
    "breaking warning reminder meeting project session episode appendix schedule minutes motion attendance "
    "participants contents version copyright license frequently asked table disclaimer abstract date time location"
)

# Lines that tools put among the words.
TOOL = re.compile(
    r"(?:[#*_ ]*(?:transcribed by https?://otter\.ai|(?:transcription|meeting|recording) ended (?:after|at)\b"
    r"|this editable transcript was computer[ -]generated)"
    r"|\S[^.:]{0,60} (?:(?:started|stopped) transcription|hat die Transkription (?:gestartet|beendet)"
    r"|a (?:démarré|arrêté) la transcription|(?:inició|detuvo) la transcripción)$)",
    re.IGNORECASE,
)
