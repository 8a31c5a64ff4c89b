"""The server: a search page and a REST API over one library.

Imports from: _version, errors, experiments, library, matching, persistence, sandbox, search, songs,
store, transcripts.
"""
