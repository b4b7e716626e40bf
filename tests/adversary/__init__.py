"""Services that behave as no document says, and what the package's public face makes of them.

The server of ``server.py`` shares no code with the sandbox nor with the helpers of other tests, so that it
shares no assumption either.
"""
