"""Rooms, lists of rooms, and desks: where people meet."""
