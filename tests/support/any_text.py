"""The characters of generated texts."""

from __future__ import annotations

from hypothesis import strategies as st

CHARACTERS = st.characters(codec=None, exclude_categories=["Cs"])
"""What UTF-8 can encode, which is what Hypothesis takes where nothing is given.

Hypothesis would find that out by encoding every character, which takes eight seconds on the first run.
"""
