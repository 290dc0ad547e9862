"""Verbs and nouns of saying: how a question asks for somebody's words.

Where one of them goes with a speaker's name the question is about what that person said. After a verb of doing
("propose", "want") the person's own words come first, but others may tell of it too.
"""

from __future__ import annotations

_IRREGULAR = {
    "say": "said", "tell": "told", "think": "thought", "feel": "felt", "speak": "spoke spoken", "put": "put",
    "mean": "meant", "write": "wrote written", "give": "gave given", "make": "made", "hold": "held", "reply": "replied",
    "deny": "denied", "worry": "worried", "clarify": "clarified", "specify": "specified", "justify": "justified",
    "testify": "testified", "swear": "swore sworn", "read": "read", "stress": "stressed", "talk": "talked",
    "forbid": "forbade forbidden", "withdraw": "withdrew withdrawn", "choose": "chose chosen",
}  # fmt: skip


def _forms(verbs: str) -> frozenset[str]:
    """Every form of these verbs.

    >>> sorted(_forms("reply argue"))
    ['argue', 'argued', 'argues', 'arguing', 'replied', 'replies', 'reply', 'replying']
    """
    found: set[str] = set()
    for verb in verbs.split():
        stem = verb[:-1] if verb.endswith("e") else verb
        third = verb[:-1] + "ies" if verb.endswith("y") and verb[-2] not in "aeo" else f"{verb}s"
        third = f"{verb}es" if verb.endswith(("ss", "sh", "ch")) else third
        past = _IRREGULAR.get(verb, f"{stem}ed").split()
        found |= {verb, third, f"{stem}ing", *past}
    return frozenset(found)


SAY = _forms(
    "say tell mention think believe feel ask argue claim explain describe complain object reply answer respond warn "
    "admit state announce report express note comment talk speak remark insist deny estimate worry hope doubt regret "
    "apologise apologize thank criticise criticize joke concede assert declare testify maintain emphasise emphasize "
    "stress underline clarify specify observe recall remember predict reckon acknowledge confirm disagree "
    "react justify"
)
DO = _forms(
    "propose suggest recommend want request agree offer promise plan intend support oppose refuse reject prefer demand "
    "move decide discuss raise advise call expect accept ask-for vote"
)
OPINION = frozenset(
    "view views opinion opinions position stance thoughts thought answer answers reply replies response responses "
    "reaction reactions argument arguments complaint complaints explanation comment comments remark remarks "
    "attitude account version concern concerns statement statements speech words objection objections estimate "
    "criticism take feeling feelings impression testimony evidence perspective reasoning assessment report "
    "remarks belief beliefs".split()
)
PLAN = frozenset(
    "proposal proposals suggestion suggestions recommendation recommendations plan plans idea ideas request "
    "requests amendment amendments motion reason reasons question questions demand demands preference "
    "preferences".split()
)
ADVERBS = frozenset(
    "also ever really actually initially finally first originally exactly specifically not even just still again "
    "later then once always originally already".split()
)
AUXILIARIES = frozenset("did does do has had have would will could can should might didn't doesn't hasn't".split())


def about_talk(folded: set[str]) -> bool:
    """Whether any word of a question is about saying things."""
    return bool(folded & (SAY | DO | OPINION | {"meet", "met"}))
