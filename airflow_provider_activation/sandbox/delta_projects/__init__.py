"""Delta Projects' DSP API v1."""
