"""The server: a search page, a REST API and OpenSubsonic over one library.

Imports from: _version, errors, experiments, library, matching, media, persistence, sandbox, search, songs, store,
subsonic, texts, transcripts.
"""
