"""Offline makers of the files in `language/data/`. They may use scikit-learn and OpenCC; the desk itself never does."""
