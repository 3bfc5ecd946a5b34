"""`ref(case)` is "case:12": the key of a thread and the way a row points at its subject."""

from accounts.refs import ref

__all__ = ["ref"]
