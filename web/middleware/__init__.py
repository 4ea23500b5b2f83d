"""One middleware class per file; their order is the list in web/app.py."""
