"""The ways in, and what is wrong with hearing."""
