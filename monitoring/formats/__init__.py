"""Bytes of strangers → entries, mails, tables. Fetches nothing, writes nothing."""
