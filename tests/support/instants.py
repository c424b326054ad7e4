"""A Hypothesis strategy for the texts of times."""

from datetime import datetime, timedelta
from fractions import Fraction

from hypothesis import strategies as st

DIGITS = st.text("0123456789", max_size=30)


OFFSETS = st.none() | st.integers(-23 * 60 - 59, 23 * 60 + 59)


@st.composite
def instants(draw: st.DrawFn, last: datetime = datetime.max) -> tuple[str, Fraction]:
    """A text of a time from year 1 on, and its exact milliseconds since 1970."""
    moment = draw(st.datetimes(datetime.min, last)).replace(microsecond=0)
    digits, offset = draw(DIGITS), draw(OFFSETS)
    day, second = str(moment.date()), str(moment.time())
    shown = moment
    if draw(st.booleans()) and moment.date() > datetime.min.date():
        # The same midnight as the end of the day before.
        shown = datetime.combine(moment.date(), datetime.min.time())
        day, second, digits = str(shown.date() - timedelta(days=1)), "24:00:00", "0" * len(digits)
    zone = draw(st.sampled_from(["", "Z", "z"]))
    if offset is not None:
        hours, minutes = divmod(abs(offset), 60)
        zone = f"{'-' if offset < 0 else '+'}{hours:02d}"
        zone += draw(st.sampled_from([":", ""])) + f"{minutes:02d}" if minutes or draw(st.booleans()) else ""
    text = f"{day}{draw(st.sampled_from('Tt '))}{second}{digits and '.' + digits}{zone}"
    seconds = (shown - datetime(1970, 1, 1)) // timedelta(seconds=1) - 60 * (offset or 0)
    return text, 1000 * (seconds + Fraction(int(digits or 0), 10 ** len(digits)))
