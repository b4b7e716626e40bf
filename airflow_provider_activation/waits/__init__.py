"""What is waited for: one question to a service and how to judge its answer.

The same `Probe` is asked by a sensor's poke, by an operator that waits on its worker, and by the
trigger, so that every option and every result is the same in each of them.
"""
