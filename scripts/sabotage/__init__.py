"""Break guarded lines of the package in a copy, one after the other, and see that tests notice.

``entries`` names the lines and the tests that must turn red. ``running`` breaks one after the other in copies
of the project, and ``warm`` is the process that runs the tests in a copy.
"""
