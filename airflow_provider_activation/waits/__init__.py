"""What is waited for: a poll of a service and how its response is judged.

A sensor's poke, an operator that waits on its worker, and the trigger all use the same `Probe`, so that every
option and every result is the same in each of them.
"""
