import re
import subprocess
import sys

import pytest

from alcca.errors import UsageError
from alcca.languages import LANGUAGES, NAMES, check_language, language_code, language_codes


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("en", "en"), ("EN", "en"), (" de ", "de"), ("pt_BR", "pt"), ("zh-Hant-TW", "zh"), ("haw", "haw"),
        ("spa", "es"), ("ger", "de"), ("deu", "de"), ("nob", "no"),
        ("German", "de"), ("Deutsch", "de"), ("Español", "es"), ("日本語", "ja"), ("English (UK)", "en"),
        ("Brazilian Portuguese", "pt"), ("ger/eng", "de"),
    ],
)  # fmt: skip
def test_tags_as_people_write_them(tag, code):
    assert language_code(tag) == code


@pytest.mark.parametrize("tag", [None, "", "  ", "-", "?", "Klingon", "mul", "zxx", "xx", "no words", "to be"])
def test_what_names_no_language_gives_none(tag):
    assert language_code(tag) is None


@pytest.mark.parametrize(
    ("tag", "codes"),
    [
        ("eng", "en"), ("eng/deu", "en de"), ("engdeu", "en de"), ("eng\0ger", "en de"), ("eng deu", "en de"),
        ("English; German", "en de"), ("en, de", "en de"), ("English and Welsh", "en cy"), ("pt-BR/en-US", "pt en"),
        ("latin", "la"), ("polish", "pl"), ("Brazilian Portuguese", "pt"), ("deu/ger", "de"),
        ("Old Norse/Icelandic", "is"),
        ("mul", ""), ("zxx", ""), ("no words", ""), ("", ""), ("hun/hrv/slo/alb/per/ice/may", "hu hr sk sq fa is ms"),
    ],
)  # fmt: skip
def test_all_languages_of_a_tag(tag, codes):
    assert language_codes(tag) == tuple(codes.split())


def test_every_language_has_a_code_of_three_letters():
    assert set(NAMES) == LANGUAGES
    assert [code for code, names in NAMES.items() if not re.search(r"\b[a-z]{3}\b", names)] == ["haw", "yue"]


def test_a_language_that_was_asked_for_has_to_be_known():
    assert check_language(None) is None
    assert check_language("French") == "fr"
    for wrong in ("", "Klingon", "xx"):
        with pytest.raises(UsageError, match=r"is unknown; expected a code such as en, de, fr, es, one of: af am"):
            check_language(wrong)


def test_the_languages_are_those_of_the_recogniser():
    tokenizer = pytest.importorskip("faster_whisper.tokenizer")
    assert set(tokenizer._LANGUAGE_CODES) == LANGUAGES
    assert set(NAMES) <= LANGUAGES


def test_no_name_stands_for_two_languages():
    names = [name for these in NAMES.values() for name in these.split()]
    assert len(names) == len(set(names))


def test_reading_tags_loads_no_recogniser():
    code = "import sys, alcca.languages as it; it.check_language('de'); print('faster_whisper' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
