"""The encodings in which each language was written before Unicode."""

from alcca.languages import language_code

__all__ = ["encodings_of"]

LATIN = "cp1252 iso8859-1 iso8859-15 mac-roman cp850 cp437"
CENTRAL = "cp1250 iso8859-2 mac-latin2 cp852"
CYRILLIC = "cp1251 koi8-r koi8-u iso8859-5 mac-cyrillic cp866"
CHINESE = "gb18030 big5hkscs"
ENCODINGS = {
    **dict.fromkeys("ru uk be bg mk kk tg tt ba mn".split(), CYRILLIC),  # noqa: SIM905 - legible
    **dict.fromkeys("pl cs sk hu ro hr sl bs sq".split(), CENTRAL),  # noqa: SIM905 - legible
    **dict.fromkeys("en de fr es it pt nl sv da no nn fi is fo ca gl eu oc br lb af id".split(), LATIN),  # noqa: SIM905
    **dict.fromkeys(("et", "lv", "lt"), "cp1257 iso8859-13"),
    **dict.fromkeys(("he", "yi"), "cp1255 iso8859-8"),
    **dict.fromkeys(("ar", "fa", "ur"), "cp1256 iso8859-6"),
    **dict.fromkeys(("tr", "az"), "cp1254 iso8859-9"),
    **dict.fromkeys(("zh", "yue"), CHINESE),
    "sr": f"{CYRILLIC} {CENTRAL}",
    "ja": "cp932 shift_jis_2004 euc_jis_2004",
    "ko": "cp949 euc_kr",
    "el": "cp1253 iso8859-7",
    "th": "cp874 tis-620",
    "vi": "cp1258",
}


def encodings_of(language: str | None) -> frozenset[str]:
    """The encodings of a language, as tags and tables name it; empty where it is unknown.

    Examples
    --------
    >>> "cp1251" in encodings_of("Russian"), "gb18030" in encodings_of("zh-Hans"), encodings_of(None)
    (True, True, frozenset())
    """
    return frozenset(ENCODINGS.get(language_code(language) or "", "").split())
