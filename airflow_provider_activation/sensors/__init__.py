"""Sensors, one file a service. Each declares its probe; the base class asks it."""
