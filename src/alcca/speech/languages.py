"""Languages by their ISO 639-1 codes, as speech recognisers use them."""

import re

from alcca.errors import UsageError

__all__ = ["LANGUAGES", "check_language", "language_code"]

# The languages of Whisper's multilingual models; Cantonese only since large-v3.
CODES = (
    "af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha haw he hi hr ht hu hy id "
    "is it ja jw ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne nl nn no oc pa pl ps pt ro ru sa sd "
    "si sk sl sn so sq sr su sv sw ta te tg th tk tl tr tt uk ur uz vi yi yo zh yue"
)
LANGUAGES = frozenset(CODES.split())
# Names of languages in tags and tables, beside the codes themselves: ISO 639-2 codes, English and native names.
NAMES = {
    "en": "eng english", "de": "deu ger german deutsch", "fr": "fra fre french français francais",
    "es": "spa spanish español espanol castellano", "it": "ita italian italiano", "pt": "por portuguese português",
    "nl": "nld dut dutch nederlands", "sv": "swe swedish svenska", "da": "dan danish dansk",
    "no": "nor nob nb norwegian norsk",
    "fi": "fin finnish suomi", "pl": "pol polish polski", "cs": "ces cze czech čeština", "ru": "rus russian русский",
    "uk": "ukr ukrainian українська", "la": "lat latin latina", "el": "ell gre greek ελληνικά",
    "tr": "tur turkish türkçe", "ja": "jpn japanese 日本語", "zh": "zho chi chinese 中文", "ko": "kor korean 한국어",
    "ar": "ara arabic العربية", "he": "heb hebrew עברית", "hi": "hin hindi हिन्दी", "hu": "hun hungarian magyar",
    "ca": "cat catalan català", "ro": "ron rum romanian română", "cy": "cym wel welsh cymraeg",
}  # fmt: skip


def language_code(tag: str | None) -> str | None:
    """The code of a language as it is written in tags; None if the recogniser does not support it.

    Examples
    --------
    >>> language_code("German"), language_code("en-GB"), language_code("spa"), language_code("Klingon")
    ('de', 'en', 'es', None)
    >>> language_code("Brazilian Portuguese"), language_code("no words")
    ('pt', None)
    """
    words: list[str] = re.findall(r"[^\W_]+", (tag or "").lower())
    # A code stands alone or before a region: "no words" is not Norwegian.
    if re.fullmatch(r"\s*[^\W_]+\s*([-_].*)?", tag or "") and words[0] in LANGUAGES:
        return words[0]
    codes = (code for word in words for code, names in NAMES.items() if word in names.split())
    return next(codes, None)


def check_language(language: str | None) -> str | None:
    """Return the code of a language, or None for None.

    Raises
    ------
    UsageError
        The recogniser does not support the language.
    """
    if language is None:
        return None
    code = language_code(language)
    if code is None:
        raise UsageError(
            f"language {language!r} is unknown; expected a code such as en, de, fr, es, one of: "
            f"{' '.join(sorted(LANGUAGES))}"
        )
    return code
