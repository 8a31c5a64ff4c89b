"""Excerpts of lyrics, as long as what is sung in a clip, to be looked for one by one."""

import numpy as np

from alcca.matching.folding import fold

__all__ = ["EXCERPT_LETTERS", "excerpts"]

# In folded letters, about 60 words of English: as many as are sung in 30 s. A whole song as one excerpt found more in
# songs that are not sung (docs/hearing.md). The next excerpt begins before the last one ends.
EXCERPT_LETTERS, STEP_LETTERS = 250, 190


def excerpts(lyrics: str) -> list[str]:
    """Divide lyrics into excerpts of some 250 letters; each begins in the last quarter of the one before.

    They begin and end between words; where a script has no spaces, between characters.

    Examples
    --------
    >>> excerpts("Hello darkness, my old friend")
    ['Hello darkness, my old friend']
    >>> [len(text.split()) for text in excerpts("la " * 300)]
    [125, 125, 110]
    >>> excerpts("...")
    []
    """
    folded = fold(lyrics)
    length = len(folded.letters)
    if not length:
        return []
    # Letters at which an excerpt may begin, and where each of them is in the text.
    begins = np.flatnonzero(folded.words)
    if np.diff(np.append(begins, length)).max() > EXCERPT_LETTERS - STEP_LETTERS:
        begins = np.flatnonzero(np.diff(folded.places, prepend=-1))
    starts = [0]
    while starts[-1] + EXCERPT_LETTERS < length:
        starts.append(int(begins[np.searchsorted(begins, starts[-1] + STEP_LETTERS, side="right") - 1]))
    found = []
    for start in starts:
        end = int(begins[np.searchsorted(begins, start + EXCERPT_LETTERS, side="right") - 1])
        until = len(lyrics) if start + EXCERPT_LETTERS >= length else int(folded.places[end])
        found.append(lyrics[folded.places[start] if start else 0 : until].strip())
    return found
