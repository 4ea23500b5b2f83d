"""Groups: who belongs to what, and what a group has of its own."""
