"""Printed times and dates as numbers: `00:12:34`, `0:03`, `September 28, 2020`."""

from __future__ import annotations

import re
from datetime import date

TIME = r"\d{1,3}:\d{2}(?::\d{2})?(?:[.,]\d{1,3})?"
_TIME = re.compile(r"(?:(\d{1,6}):)?(\d{1,3}):(\d{2})(?:[.,](\d{1,9})|:(\d{3}))?")


def seconds(printed: str) -> float | None:
    """Seconds of a printed time, or None where it is none.

    >>> seconds("01:02:03,5"), seconds("0:03"), seconds("75:10"), seconds("0:75")
    (3723.5, 3.0, 4510.0, None)
    """
    match = _TIME.fullmatch(printed.strip())
    if match is None:
        return None
    hours, minutes, secs = int(match[1] or 0), int(match[2]), int(match[3])
    if secs > 59 or (match[1] is not None and minutes > 59):
        return None
    whole, fraction = hours * 3600 + minutes * 60 + secs, match[4] or match[5]
    return float(f"{whole}.{fraction}") if fraction else float(whole)


def clock(seconds_: float) -> str:
    """A time as `HH:MM:SS`, rounded down.

    >>> clock(3723.99)
    '01:02:03'
    """
    whole = int(seconds_)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"


_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug",
            "september sept sep", "october oct", "november nov", "december dec",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_MONTH = "(?P<month>" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_DATES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?<!\d)(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})(?!\d)",
        rf"\b{_MONTH}\s{{1,3}}{_DAY},?\s{{1,3}}(?P<year>\d{{4}})\b",
        rf"\b{_DAY}\s{{1,3}}(?:of\s)?{_MONTH},?\s{{1,3}}(?P<year>\d{{4}})\b",
    )
)


def find_date(text: str) -> tuple[date, int, int] | None:
    """The first date printed in `text` and its characters (start, end), or None.

    >>> find_date("Sochi, September 28, 2020")
    (datetime.date(2020, 9, 28), 7, 25)
    >>> find_date("12 June 2026, 02:05pm")[0], find_date("2020-13-01")
    (datetime.date(2026, 6, 12), None)
    """
    for pattern in _DATES:
        for match in pattern.finditer(text):
            month = match["month"].casefold()
            try:
                found = date(int(match["year"]), int(_MONTHS.get(month, 0) or month), int(match["day"]))
            except ValueError:
                continue
            return found, match.start(), match.end()
    return None
