"""Operators, one file a service. Each declares its call, its result and its wait; the base class does."""
