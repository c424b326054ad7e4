"""JSON bodies that a strict parser refuses: each entry that can be separated is read, the others are counted.

A fault inside an entry costs that entry only. The body around the entries must be whole: without the end of
the list, the members after it and the closing brace it is broken, and nothing of it is used.

    forms     what a body must have, and what was read of it
    text      the text of a body: positions, values, and a bound on the work that faults can cause
    findings  the faults so far: entries that were repaired or rejected, and whether something was guessed
    entries   the list of entries, and where the next one begins behind a fault
    reader    the members of the body around the list
"""

from vitals.codec.lenient_json.forms import Body, BrokenJsonError, Form, MalformedEntry
from vitals.codec.lenient_json.reader import read

__all__ = ["Body", "BrokenJsonError", "Form", "MalformedEntry", "read"]
