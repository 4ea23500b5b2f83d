"""The people who matter to somebody, most relevant first."""
