"""Measured figures: each module here holds `run(report)`; `python -m bench [NAME …]` runs them."""
