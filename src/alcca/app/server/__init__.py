"""The server: a search page and a REST API over one library."""
