"""Outlook's contacts and the folders that hold them."""
