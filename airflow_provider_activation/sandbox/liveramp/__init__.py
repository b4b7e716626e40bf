"""LiveRamp's Activation API v2."""
