"""Languages by their ISO 639-1 codes, as speech recognisers use them."""

import re

from alcca.errors import UsageError

__all__ = ["LANGUAGES", "check_language", "language_code", "language_codes"]

# The languages of Whisper's multilingual models; Cantonese only since large-v3.
CODES = (
    "af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha haw he hi hr ht hu hy id "
    "is it ja jw ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne nl nn no oc pa pl ps pt ro ru sa sd "
    "si sk sl sn so sq sr su sv sw ta te tg th tk tl tr tt uk ur uz vi yi yo zh yue"
)
LANGUAGES = frozenset(CODES.split())
# Names of languages in tags and tables, beside the codes themselves: ISO 639-2 codes, English and native names.
NAMES = {
    "af": "afr afrikaans", "am": "amh amharic", "ar": "ara arabic العربية", "as": "asm assamese",
    "az": "aze azerbaijani azeri", "ba": "bak bashkir", "be": "bel belarusian беларуская",
    "bg": "bul bulgarian български", "bn": "ben bengali bangla বাংলা", "bo": "bod tib tibetan",
    "br": "bre breton brezhoneg", "bs": "bos bosnian bosanski", "ca": "cat catalan català valencian",
    "cs": "ces cze czech čeština česky", "cy": "cym wel welsh cymraeg", "da": "dan danish dansk",
    "de": "deu ger german deutsch", "el": "ell gre greek ελληνικά", "en": "eng english",
    "es": "spa spanish español espanol castellano castilian", "et": "est estonian eesti",
    "eu": "eus baq basque euskara", "fa": "fas per persian farsi فارسی", "fi": "fin finnish suomi",
    "fo": "fao faroese føroyskt", "fr": "fra fre french français francais", "gl": "glg galician galego",
    "gu": "guj gujarati", "ha": "hau hausa", "haw": "hawaiian", "he": "heb hebrew עברית", "hi": "hin hindi हिन्दी",
    "hr": "hrv scr croatian hrvatski", "ht": "hat haitian", "hu": "hun hungarian magyar", "hy": "hye arm armenian",
    "id": "ind indonesian", "is": "isl ice icelandic íslenska", "it": "ita italian italiano",
    "ja": "jpn japanese 日本語", "jw": "jav jv javanese", "ka": "kat geo georgian ქართული", "kk": "kaz kazakh",
    "km": "khm khmer cambodian", "kn": "kan kannada", "ko": "kor korean 한국어", "la": "lat latin latina",
    "lb": "ltz luxembourgish lëtzebuergesch", "ln": "lin lingala", "lo": "lao", "lt": "lit lithuanian lietuvių",
    "lv": "lav latvian latviešu", "mg": "mlg malagasy", "mi": "mri mao maori māori",
    "mk": "mkd mac macedonian македонски", "ml": "mal malayalam", "mn": "mon mongolian", "mr": "mar marathi",
    "ms": "msa may malay", "mt": "mlt maltese malti", "my": "mya bur burmese myanmar", "ne": "nep nepali",
    "nl": "nld dut dutch flemish nederlands", "nn": "nno nynorsk", "no": "nor nob nb norwegian norsk bokmål",
    "oc": "oci occitan", "pa": "pan punjabi panjabi", "pl": "pol polish polski", "ps": "pus pashto pushto",
    "pt": "por portuguese português", "ro": "ron rum romanian română", "ru": "rus russian русский",
    "sa": "san sanskrit", "sd": "snd sindhi", "si": "sin sinhala sinhalese", "sk": "slk slo slovak slovenčina",
    "sl": "slv slovenian slovene slovenščina", "sn": "sna shona", "so": "som somali", "sq": "sqi alb albanian shqip",
    "sr": "srp scc serbian српски srpski", "su": "sun sundanese", "sv": "swe swedish svenska",
    "sw": "swa swahili kiswahili", "ta": "tam tamil தமிழ்", "te": "tel telugu", "tg": "tgk tajik",
    "th": "tha thai ไทย", "tk": "tuk turkmen", "tl": "tgl fil tagalog filipino", "tr": "tur turkish türkçe",
    "tt": "tat tatar", "uk": "ukr ukrainian українська", "ur": "urd urdu اردو", "uz": "uzb uzbek",
    "vi": "vie vietnamese tiếng việt", "yi": "yid yiddish ייִדיש", "yo": "yor yoruba",
    "yue": "cantonese 粵語 广东话 廣東話",
    "zh": "zho chi cmn chinese mandarin 中文 普通话 國語 国语",
}  # fmt: skip
# Between several languages in one tag.
BETWEEN = re.compile(r"[/\\;,&|+\0]|\s+(?:and|und|et|y|e)\s+", re.IGNORECASE)
# Several codes of ISO 639-2 in a row, as ID3 has them: "engdeu", "eng deu".
CODES_IN_A_ROW = re.compile(r"\s*[a-z]{3}(?:\s*[a-z]{3})+\s*", re.IGNORECASE)


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


def language_codes(tag: str | None) -> tuple[str, ...]:
    """The codes of all languages that a tag names, as far as the recogniser supports them.

    Examples
    --------
    >>> language_codes("eng/deu"), language_codes("English; German"), language_codes("fraeng"), language_codes(None)
    (('en', 'de'), ('en', 'de'), ('fr', 'en'), ())
    """
    parts = [part for piece in BETWEEN.split(tag or "") for part in _in_a_row(piece)]
    return tuple(dict.fromkeys(code for part in parts if (code := language_code(part)) is not None))


def _in_a_row(piece: str) -> list[str]:
    """The codes of three letters that a piece consists of; the piece itself if it is something else."""
    letters = "".join(piece.split())
    codes = [letters[place : place + 3] for place in range(0, len(letters), 3)]
    return codes if CODES_IN_A_ROW.fullmatch(piece) and all(map(language_code, codes)) else [piece]


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
