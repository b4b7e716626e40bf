"""What is made at most once, and how it is found again: one file a service.

`base` is the protocol for one resource, `items` for many that are made in a few calls.
"""
