"""Offline makers of the files in `language/data/`: they may use scikit-learn and OpenCC, the running desk never does."""
