"""What is sung, out of texts as people keep them: everything else is told apart by its structure, and goes.

``lyrics`` is the whole: it takes a text through ``markup`` (HTML), ``readings`` (ruby), ``site_text`` (what sites and
taggers add), ``credits``, ``chords``, ``chordpro``, ``voices`` (of duets) and ``sections`` (names of a song's
parts) until nothing changes.
``placeholders`` knows the texts that stand where there are no lyrics; ``timed_lines`` keeps the times of cleaned lines.

Imports from: texts.
"""
