"""What `analyse`, `match` and `group` share: JSON lines from standard input to standard output."""

import gc
import io
import sys

from django.core.management.base import OutputWrapper

from language.jsonlines import AnswerAll, Ask, Question, answered


def stream(ask: Ask[Question], answer_all: AnswerAll[Question], output: OutputWrapper) -> None:
    """Answer standard input as it arrives until it ends, or until nobody reads the answers any more."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    gc.freeze()  # the models stay; looking through them for garbage again and again is wasted
    try:
        for batch in answered(sys.stdin.buffer, ask, answer_all):
            output.write(batch, ending="")
            output.flush()
    except BrokenPipeError:
        sys.stderr.close()  # the reader left: nothing to say, and nobody to say it to
