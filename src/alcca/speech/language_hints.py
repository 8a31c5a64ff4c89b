"""The language that tags name, against the one that is heard.

Taggers fill the field in with a language of their own, so it is no order: a decoder that is told the wrong language
translates, or makes words up. But where the sound is not clear, it is the best that is known.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from alcca.transcripts import Transcript

__all__ = ["SURE_OF_ANOTHER", "by_hints", "noted"]

# Of 24 recordings of singing, detection gave the language that is sung .81 to .99 with Whisper base, and English, where
# it is not sung, at most .015. A language that is taken for its neighbour keeps more: Galician, for Spanish, .06.
SURE_OF_ANOTHER, HINT_AT_MOST = 0.9, 0.03


def by_hints(probabilities: Mapping[str, float], hints: Sequence[str]) -> tuple[str, float] | None:
    """The language to decode in and its probability, if there are hints.

    Parameters
    ----------
    probabilities : mapping of str to float
        Of each language, in [0, 1].
    hints : sequence of str

    Examples
    --------
    >>> by_hints({"en": 0.02, "de": 0.96}, ["en"]), by_hints({"en": 0.2, "cy": 0.5}, ["en"]), by_hints({"en": 0.9}, [])
    (('de', 0.96), ('en', 0.2), None)
    """
    if not hints:
        return None
    hint = max(hints, key=lambda code: probabilities.get(code, 0.0))
    likeliest = max(probabilities, key=probabilities.__getitem__)
    if probabilities[likeliest] >= SURE_OF_ANOTHER and probabilities.get(hint, 0.0) <= HINT_AT_MOST:
        return likeliest, probabilities[likeliest]
    return hint, probabilities.get(hint, 0.0)


def noted(heard: Transcript, hints: Sequence[str]) -> Transcript:
    """The transcript, with a note if it is in another language than the hints.

    Examples
    --------
    >>> noted(Transcript(language="de", language_probability=0.967), ["en"]).notes
    ('the tags say en, the sound is de (97%)',)
    """
    if not hints or heard.language is None or heard.language in hints:
        return heard
    note = f"the tags say {'/'.join(hints)}, the sound is {heard.language} ({heard.language_probability:.0%})"
    return replace(heard, notes=(*heard.notes, note))
