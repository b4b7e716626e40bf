"""What the four services share."""
