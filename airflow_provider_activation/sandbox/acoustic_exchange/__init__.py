"""Acoustic Exchange's API."""
