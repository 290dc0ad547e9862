"""What a search is narrowed to, from what a person gives."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from transcript_qa.datatypes import Filters
from transcript_qa.errors import InvalidArgumentError


def as_filters(
    transcripts: Sequence[str] | None,
    speakers: Sequence[str] | None,
    after: date | str | None,
    before: date | str | None,
) -> Filters:
    """Filters from what a person gives; dates may be ISO texts. Raises `InvalidArgumentError`."""
    if isinstance(transcripts, str) or isinstance(speakers, str):
        raise InvalidArgumentError("transcripts and speakers are lists. Put a single one in a list too.")
    filters = Filters(
        transcripts=tuple(transcripts or ()),
        speakers=tuple(speakers or ()),
        after=_as_date(after),
        before=_as_date(before),
    )
    if filters.after and filters.before and filters.after > filters.before:
        raise InvalidArgumentError(f"No date is after {filters.after} and before {filters.before}. Swap the two.")
    return filters


def _as_date(given: date | str | None) -> date | None:
    if given is None or isinstance(given, date):
        return given
    try:
        return date.fromisoformat(given.strip())
    except ValueError as error:
        raise InvalidArgumentError(f"{given!r} is no date. Write it as 2024-03-19.") from error
