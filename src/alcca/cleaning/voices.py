"""Voices: who sings a line of a duet, written before its words (男：, She:, [Both]).

LRC's own letters for voices (``F:``) are part of that format, and `alcca.texts.lrc` reads them.
"""

import re

__all__ = ["without_voices"]

EAST_ASIAN = "|".join(
    """
    男女声 男女聲 男女合 男女 男声 男聲 女声 女聲 男合 女合 男生 女生 男性 女性 男 女 合唱 合声 合 齐唱 齐 齊 全員 全员
    全体 二人 两人 남자 여자 남성 여성 남 여 합창 합 함께 다같이 다함께 둘다
    """.split()  # noqa: SIM905 - legible
)
WESTERN = "|".join(
    """
    male female both all man woman men women boy girl boys girls duet together he she him her er sie beide alle lui elle
    ensemble tous él ella ambos todos ele ela lei insieme tutti он она вместе все оба муж жен
    """.split()  # noqa: SIM905 - legible
)
NAME = rf"(?:{EAST_ASIAN}|(?:{WESTERN})\b)(?: ?\d)?"
NAMES = rf"{NAME}(?: ?[/&+、,＋] ?{NAME})*"
# In round brackets without a colon, words of European languages may be sung: (all).
VOICE = re.compile(
    rf"(?:[\[【(（]? ?({NAMES}) ?[\]】)）]? ?[:：]|[\[【]({NAMES})[\]】]|[(（]((?:{EAST_ASIAN})\d?)[)）]) *",
    re.IGNORECASE,
)


def without_voices(lines: list[str]) -> list[str | None]:
    """Lines without the names of voices before them, if a text names two different ones; else unchanged.

    Examples
    --------
    >>> without_voices(["男：我把名字写在云上", "女：夜里的河水流过旧桥", "He said"])
    ['我把名字写在云上', '夜里的河水流过旧桥', 'He said']
    >>> without_voices(["All: I want"])
    ['All: I want']
    """
    found = [VOICE.match(line) for line in lines]
    names = {(voice[1] or voice[2] or voice[3]).casefold() for voice in found if voice is not None}
    if len(names) < 2:
        return list(lines)
    return [line if voice is None else line[voice.end() :] for line, voice in zip(lines, found, strict=True)]
