"""Measured figures. Each module here holds `run(report)`; `python -m bench [NAME …]` runs them in a database of their own."""
