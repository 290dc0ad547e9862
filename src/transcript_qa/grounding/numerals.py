"""Numbers as values: digits, number words and both together, so that "twenty-five" and "25" are the same.

A value is a string that is equal only where the numbers are: "25", "1200000", "4.5", "21th" for an ordinal. What may be
more than a number is left as it is written: "3.10" is not "3.1", for it may be a version, and "1,5" is neither 15 nor
1.5.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from decimal import Decimal

_UNITS = {word: n for n, word in enumerate("zero one two three four five six seven eight nine".split())}
_TEENS = {
    word: n
    for n, word in enumerate(
        "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(), start=10
    )
}
_TENS = {
    word: 10 * n for n, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2)
}
_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_MULTIPLIERS = {"hundred": 100, **_SCALES}
_ORDINAL_UNITS = {
    word: n for n, word in enumerate("first second third fourth fifth sixth seventh eighth ninth".split(), start=1)
}
_ORDINALS = {
    **_ORDINAL_UNITS,
    **{
        word: n
        for n, word in enumerate(
            "tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth "
            "nineteenth".split(),
            start=10,
        )
    },
    **{
        word: 10 * n
        for n, word in enumerate(
            "twentieth thirtieth fortieth fiftieth sixtieth seventieth eightieth ninetieth".split(), start=2
        )
    },
}
_BELOW_HUNDRED = {**_UNITS, **_TEENS, **_TENS}
_SUFFIXES = {"k": 10**3, "mn": 10**6, "bn": 10**9, "tn": 10**12}
_MONEY_SUFFIXES = {**_SUFFIXES, "m": 10**6, "b": 10**9}
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_PLAIN = re.compile(r"\d+(?:\.\d+)?")
_SUFFIXED = re.compile(r"(\d[\d,]*(?:\.\d+)?)([a-z]{1,2})")
_ORDINAL_DIGITS = re.compile(r"(\d+)(?:st|nd|rd|th)")
STARTS = frozenset({*_BELOW_HUNDRED, *_ORDINALS, *_MULTIPLIERS, "a", "an", "half", "minus", "negative"})


def is_number(key: str) -> bool:
    """Whether a word in comparable form is a number.

    >>> is_number("25"), is_number("-5"), is_number("21th"), is_number("b2b")
    (True, True, True, False)
    """
    return key[:1].isdigit() or (key[:1] == "-" and key[1:2].isdigit())


def digits_value(surface: str, *, money: bool = False) -> str:
    """The value of a number written in digits; what is no plain number comes back folded and otherwise as it is.

    Args:
        surface: as written.
        money: behind a currency sign, where "m" is a million and ".00" is nothing.

    >>> digits_value("1,200,000"), digits_value(".5"), digits_value("3rd"), digits_value("2½"), digits_value("3.10")
    ('1200000', '0.5', '3th', '2.5', '3.10')
    """
    sign = "-" if surface[:1] in "-\u2212" else ""
    text = surface.lstrip("-\u2212")
    if len(text) > 1 and text[:-1].isdecimal() and unicodedata.decomposition(text[-1]).startswith("<fraction>"):
        return sign + _plain(Decimal(text[:-1]) + Decimal(str(unicodedata.numeric(text[-1]))))
    if any(unicodedata.decomposition(char).startswith(("<super>", "<sub>")) for char in text):
        return sign + text
    text = unicodedata.normalize("NFKC", text).casefold()
    text = re.sub(r"(?<=\d)[\u00a0\u202f\u2009 ](?=\d{3})", "", text)
    text = f"0{text}" if text.startswith(".") else text
    if _GROUPED.fullmatch(text):
        text = text.replace(",", "")
    elif ordinal := _ORDINAL_DIGITS.fullmatch(text):
        text = f"{int(ordinal[1])}th"
    elif suffixed := _SUFFIXED.fullmatch(text):
        scale = (_MONEY_SUFFIXES if money else _SUFFIXES).get(suffixed[2])
        if scale is not None:
            text = _plain(Decimal(suffixed[1].replace(",", "")) * scale)
    if money and _PLAIN.fullmatch(text) and "." in text:
        text = _plain(Decimal(text))
    return sign + text


def read_number(keys: Sequence[str], at: int, joined: Callable[[int], bool]) -> tuple[str, int] | None:
    """The value of the number that begins with word `at`, and the place behind it; None where none begins there.

    Args:
        keys: words, folded, numbers in digits as `digits_value` gives them.
        at: a place in `keys`.
        joined: whether only blanks or a hyphen stand between a word and the one before it.

    >>> read_number("two hundred and forty million crowns".split(), 0, lambda _: True)
    ('240000000', 5)
    >>> read_number("nineteen ninety five".split(), 0, lambda _: True)
    ('1995', 3)
    """
    if keys[at] in ("minus", "negative") and at + 1 < len(keys) and joined(at + 1):
        found = _Run(keys, at + 1, joined).read() or ((keys[at + 1], at + 2) if is_number(keys[at + 1]) else None)
        return (f"-{found[0]}", found[1]) if found and not found[0].startswith("-") else None
    return _Run(keys, at, joined).read()


class _Run:
    """A run of words read as one number."""

    def __init__(self, keys: Sequence[str], at: int, joined: Callable[[int], bool]) -> None:
        self._keys = keys
        self._at = at
        self._joined = joined
        self._first = at

    def read(self) -> tuple[str, int] | None:
        if self._words("half", "a") and self._peek(2) in _SCALES:
            return _plain(Decimal("0.5") * _SCALES[self._peek(2)]), self._at + 3
        if self._peek() in ("a", "an"):
            if self._peek(1) not in _MULTIPLIERS:
                return None
            self._at += 1
        value = self._digits() or self._year() or self._cardinal()
        if value is None:
            return self._ordinal(0)
        return self._finished(value)

    def _peek(self, ahead: int = 0) -> str:
        place = self._at + ahead
        if place >= len(self._keys) or any(not self._joined(n) for n in range(self._first + 1, place + 1)):
            return ""
        return self._keys[place]

    def _words(self, *wanted: str) -> bool:
        return all(self._peek(n) == word for n, word in enumerate(wanted))

    def _digits(self) -> Decimal | None:
        goes_on = (
            self._peek(1) in _MULTIPLIERS or self._half(1) or (self._peek(1) == "point" and self._peek(2) in _UNITS)
        )
        if not (_PLAIN.fullmatch(self._peek()) and goes_on):
            return None
        value = Decimal(self._peek())
        self._at += 1
        return value

    def _half(self, ahead: int) -> bool:
        return [self._peek(ahead + n) for n in range(3)] == ["and", "a", "half"]

    def _year(self) -> Decimal | None:
        """Two numbers below a hundred as people say years: "nineteen ninety-five", "twenty twenty-four"."""
        century = _BELOW_HUNDRED.get(self._peek(), 0)
        if not 13 <= century <= 20:
            return None
        rest = self._peek(1)
        if rest in _TEENS:
            self._at += 2
            return Decimal(100 * century + _TEENS[rest])
        if rest not in _TENS:
            return None
        unit = _UNITS.get(self._peek(2), 0)
        self._at += 3 if unit else 2
        return Decimal(100 * century + _TENS[rest] + unit)

    def _cardinal(self) -> Decimal | None:
        total, current, smallest, begun = 0, 0, 10**15, False
        while word := self._peek():
            if word == "and" and begun and current % 100 == 0 and self._peek(1) in _BELOW_HUNDRED:
                self._at += 1
                continue
            if word in _BELOW_HUNDRED and self._fits(word, current, begun=begun):
                current += _BELOW_HUNDRED[word]
            elif word == "hundred" and current < 100:
                current = (current or 1) * 100
            elif word in _SCALES and _SCALES[word] < smallest and (current or not begun):
                smallest = _SCALES[word]
                total += (current or 1) * smallest
                current = 0
            else:
                break
            begun = True
            self._at += 1
        return Decimal(total + current) if begun else None

    def _fits(self, word: str, current: int, *, begun: bool) -> bool:
        """Whether a number below a hundred goes on with what was read, as "five" does after "twenty"."""
        if word == "zero":
            return not begun
        if word in _UNITS and current % 100 >= 20:
            return current % 10 == 0
        return current % 100 == 0 and not (begun and self._keys[self._at - 1] == "zero")

    def _finished(self, value: Decimal) -> tuple[str, int]:
        if self._half(0):
            value += Decimal("0.5")
            self._at += 3
        elif self._peek() == "point" and (fraction := self._fraction()):
            value += Decimal(f"0.{fraction}")
        ordinal = self._ordinal(int(value)) if value == int(value) else None
        if ordinal is not None:
            return ordinal
        while self._peek() in _MULTIPLIERS:
            value *= _MULTIPLIERS[self._peek()]
            self._at += 1
        return _plain(value), self._at

    def _fraction(self) -> str:
        digits, ahead = "", 1
        while (word := self._peek(ahead)) in _UNITS or word == "oh":
            digits += str(_UNITS.get(word, 0))
            ahead += 1
        if digits:
            self._at += ahead
        return digits

    def _ordinal(self, before: int) -> tuple[str, int] | None:
        word = self._peek()
        if word not in _ORDINALS:
            return None
        fits = before == 0 or before % 100 == 0 or (word in _ORDINAL_UNITS and before % 10 == 0 and before % 100 >= 20)
        return (f"{before + _ORDINALS[word]}th", self._at + 1) if fits else None


def _plain(value: Decimal) -> str:
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
