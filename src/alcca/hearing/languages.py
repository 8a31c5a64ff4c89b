"""Languages by their ISO 639-1 codes, as recognisers of speech take them."""

from functools import lru_cache

from alcca.errors import UsageError

__all__ = ["check_language", "language_code"]

# How people write languages in tags and tables, beside the codes themselves: ISO 639-2, English and own names.
NAMES = {
    "en": "eng english", "de": "deu ger german deutsch", "fr": "fra fre french français francais",
    "es": "spa spanish español espanol castellano", "it": "ita italian italiano", "pt": "por portuguese português",
    "nl": "nld dut dutch nederlands", "sv": "swe swedish svenska", "da": "dan danish dansk", "no": "nor norwegian norsk",
    "fi": "fin finnish suomi", "pl": "pol polish polski", "cs": "ces cze czech čeština", "ru": "rus russian русский",
    "uk": "ukr ukrainian українська", "la": "lat latin latina", "el": "ell gre greek ελληνικά",
    "tr": "tur turkish türkçe", "ja": "jpn japanese 日本語", "zh": "zho chi chinese 中文", "ko": "kor korean 한국어",
    "ar": "ara arabic العربية", "he": "heb hebrew עברית", "hi": "hin hindi हिन्दी", "hu": "hun hungarian magyar",
    "ca": "cat catalan català", "ro": "ron rum romanian română", "cy": "cym wel welsh cymraeg",
}  # fmt: skip


def language_code(tag: str | None) -> str | None:
    """The code of a language as tags write it; None for one that the recogniser does not know.

    Examples
    --------
    >>> language_code("German"), language_code("en-GB"), language_code("spa"), language_code("Klingon")
    ('de', 'en', 'es', None)
    """
    if not tag or not tag.strip():
        return None
    word = tag.strip().lower().replace("_", "-").split("-")[0]
    if word in NAMES or word in _codes():
        return word if word in _codes() else None
    return next((code for code, names in NAMES.items() if word in names.split() and code in _codes()), None)


def check_language(language: str | None) -> str | None:
    """The code that was given, or None.

    Raises
    ------
    UsageError
        The recogniser knows no such language.
    """
    if language is None:
        return None
    code = language_code(language)
    if code is None:
        raise UsageError(
            f"language {language!r} is unknown; expected a code such as en, de, fr, es, one of: {' '.join(sorted(_codes()))}"
        )
    return code


@lru_cache(maxsize=1)
def _codes() -> frozenset[str]:
    try:
        from faster_whisper.tokenizer import _LANGUAGE_CODES
    except ImportError:
        return frozenset(NAMES)
    return frozenset(_LANGUAGE_CODES)
