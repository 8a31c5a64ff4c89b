"""Files of lyrics to lines: bytes to text, and a text with times to lines in the order in which they are sung.

``encodings`` decodes: Unicode by its own signs, everything else by ``detection``, whose answers ``plausible`` checks,
with the encodings of the song's language (``languages``) as a hint; ``kinds`` names what holds no text. ``timed`` reads
a text of any format: ``lrc`` (``stamps``, ``headers``), ``karaoke``, ``subtitles``, ``ttml`` and ``ultrastar``, each
into the values of ``lines``. ``origin`` knows the files that alcca has written. ``cue`` parses cue sheets.

Imports from: _version, errors, languages.
"""
