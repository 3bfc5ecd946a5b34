from collections.abc import Sequence
from dataclasses import dataclass

from accounts.errors import Conflict, NotAllowed, Text


@dataclass(frozen=True)
class Reason:
    """Why something cannot be done: a code for programs, a sentence that says what to do for people."""

    code: str
    message: Text
    waivable: bool = False


def refuse_person(reason: Reason) -> NotAllowed:
    return NotAllowed(reason.message, code=reason.code)


def refuse_missing(reasons: Sequence[Reason]) -> Conflict:
    """One refusal that names everything still missing; its code is the first one's."""
    sentences = " ".join(str(reason.message) for reason in reasons)
    return Conflict(sentences, code=reasons[0].code, fields={reason.code: reason.message for reason in reasons})
