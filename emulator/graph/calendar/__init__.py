"""Calendars: events, series, meetings between people, sharing, free and busy times."""
