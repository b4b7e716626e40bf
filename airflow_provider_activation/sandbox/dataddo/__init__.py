"""Dataddo's headless API."""
