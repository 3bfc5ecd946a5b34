"""The store of what people say: taken in once, marked, found again, kept by the month."""
