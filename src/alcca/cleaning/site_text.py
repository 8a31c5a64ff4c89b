"""What sites, players and taggers add to lyrics: headings, links, notices, advertisements.

Each rule names who adds the text, and says how it looks. Most stand on lines of their own; some are glued to words.
"""

import re
from typing import NamedTuple

from alcca.cleaning.printable import BREAK

__all__ = ["without_glued_text", "without_site_lines"]

# Longer lines are verses without line breaks, of which only a part could be a site's.
MAX_LINE = 300
EDGES = "\n" + BREAK


class Rule(NamedTuple):
    """How added text looks, and words of which a text must hold one, in lower case: most texts hold none."""

    words: tuple[str, ...]
    pattern: re.Pattern[str]


def _glued(word: str, pattern: str) -> tuple[str, re.Pattern[str]]:
    return word, re.compile(pattern)


def _line(words: str, *patterns: str) -> Rule:
    return Rule(tuple(words.split("|")), re.compile("|".join(patterns), re.IGNORECASE))


DOMAIN = r"(?:www\.)?[a-z\d][a-z\d-]{1,40}(?:\.[a-z\d-]{1,40}){0,3}\.[a-z]{2,5}\b"
# Of these alone, a line "name.end" is an address: "love.me" and "oh.no" could be words.
ENDINGS = "com net org info biz ovh cn jp kr tw vn ru ua pl cz hu ro de fr br tr gr".split()  # noqa: SIM905 - legible
SITE = (
    r"(?:genius|az ?lyrics|metro ?lyrics|musix ?match|lyric ?find|lyric ?wiki|songmeanings|songlyrics|letras(?:\.mus)?"
    r"|vagalume|tekstowo|lyrics ?freak|lyrics ?mode|lyrics ?translate|dark ?lyrics|uta-?net|j-?lyric|mojim|kkbox"
    r"|netease|qq ?music|lrclib|lyricsify|megalobiz|rentanadviser|lrc ?maker|minilyrics|syair|gracenote|cifra ?club"
    r"|songtexte|paroles\.net|spotify|apple music|deezer|tidal|shazam|petitlyrics|alsong|google|youtube)"
)

GLUED = (
    # Genius puts an advertisement for concerts between two blocks of lyrics; scrapers lose the line breaks around it.
    _glued("live", r"See (?:(?!See )[^\n]){1,80}?LiveGet tickets as low as [$€£]\d[\d.,]{0,9}(?:You might also like)?"),
    # Genius' list of other songs stands in the same place: glued to a word before or behind it, or both.
    _glued(
        "you might",
        r"(?<=[^\s(\[{«“‘\"'—–-])You might also like|You might also like(?=[\[\"“A-ZÀ-Þ0-9(¿¡]|[^\W\d_a-zß-ÿ])",
    ),
    # tekstowo.pl's link below the words.
    _glued("historię zmian", r"Poznaj historię zmian tego tekstu"),
    # Mojim writes its address into the lines against copying.
    _glued(
        "mojim",
        r"(?:更多更[詳详][盡尽]歌[詞词])? {0,3}在? {0,3}※ ?Mojim\.com(?: {0,3}魔[鏡镜]歌[詞词][網网])?",
    ),
    # RentAnAdviser ends the first line of its LRC files with its name.
    _glued("rentanadviser", r"(?:[Ll]yrics |[Ss]ubtitles )?by RentAnAdviser\.com"),
)
# Genius: "12 ContributorsTranslationsTürkçeHarbour Lyrics[Verse 1]", and what its page says about the song.
CONTRIBUTORS = re.compile(r"\s*\d+ Contributors?[^\n]{0,300}? Lyrics(?![a-z])")
ABOUT = re.compile(r"(?:…|\.{3})\s?Read More(?![a-z])")
MAX_ABOUT = 3000
# Without the heading, only prose can be what the page says: few lines.
MAX_ABOUT_LINES = 3
# Genius: the count of views and a button behind the last word, "123Embed", "1.2KEmbed".
EMBED = re.compile(r"(?:(?:(?<=[^\d\s])[\d.,]{0,9}K?|\b[\d.,]{1,9}K?)Embed(?:Share URLCopyEmbedCopy)?)+\s*\Z")

LINES = (
    # Genius.
    _line(
        "might also|embed|live|tickets|contributor|genius|annotation",
        r"you might also like",
        r"[\d.,]{0,9}K?embed(?:share url)?(?:copy ?embed ?copy)?",
        r"see .{1,80} live ?get tickets.{0,60}",
        r"get tickets as low as [$€£]\d.{0,20}",
        r"\d+ contributors?",
        r"more on genius",
        r"genius annotations?.{0,40}",
    ),
    # AZLyrics, DarkLyrics, forums: who sent or mended the words.
    _line(
        "correct|thanks|thanx|thx|merci|gracias|dank|azlyrics|submit|transcribed|contributed",
        r"submit corrections",
        r"usage of azlyrics\.com content.{1,200}",
        r"[\[(]?(?:many |special )?(?:thanks|thanx|thx) to .{1,120}?\b(?:lyrics?|corrections?|correcting|submitting"
        r"|submitted|track #?\d+)\b.{0,80}",
        r"[\[(]?merci à .{1,80} pour (?:ces|les|cette) (?:paroles|corrections?)\b.{0,40}",
        r"[\[(]?(?:gracias a|danke? an) .{1,80} (?:por (?:la|esta) letra|für (?:den|diesen) (?:song)?text)\b.{0,40}",
        r"[\[(]?(?:lyrics )?(?:submitted|transcribed|contributed|corrected) by\b.{1,80}",
    ),
    # Musixmatch, where its interface hands out a part of the words.
    _line("commercial|(1", r"\W{0,20}this lyrics is not for commercial use\W{0,20}", r"\(\d{10,}\)"),
    # beets ("Source: https://lrclib.net/api/…"), and every other address or place of origin.
    _line("http", r".{0,200}\bhttps?://\S.{0,200}"),
    _line("www.", r".{0,100}\bwww\.[\w-]{1,60}\.\w{2}.{0,100}"),
    _line("@", r".{0,60}\b[\w.+-]{1,40}@[\w-]{1,40}\.\w{2}.{0,60}"),
    _line(
        "|".join(f".{end}" for end in ENDINGS),
        rf"\W{{0,5}}(?:by |from |at |via |on )?[a-z\d][a-z\d.-]{{1,80}}\.(?:{'|'.join(ENDINGS)})(?:/\S{{0,99}})?\W?",
    ),
    _line(
        "source|quelle|fuente|fonte|bron|źródło|источник|出典|来源|來源",
        r"(?:lyrics? )?(?:source|quelle|fuente|fonte|bron|źródło|источник|出典|来源|來源)\s?[:：]\s?"
        rf"(?:{SITE}|{DOMAIN})\b.{{0,200}}",
    ),
    # "Lyrics provided by LyricFind", "Find more lyrics at …"; MetroLyrics: "Read more: Nobody - Harbour Lyrics".
    _line(
        "lyric",
        r"(?:the |song )?lyrics? (?:are )?(?:powered|provided|supplied|licensed|courtesy|property|copyright).{2,99}",
        r"all lyrics .{1,80}(?:property|copyright|owners?).{0,80}",
        rf"lyrics? (?:taken |found |copied )?(?:from|at|on|via|by)\s?[:：]?\s?(?:{SITE}|{DOMAIN})\b.{{0,80}}",
        r"(?:find|get|read|see|view|search|for) (?:more|all|other|full) (?:[\w'’ -]{0,60} )?lyrics? "
        r"(?:at|on|from|visit|here)\b.{0,80}",
        r"read more\s?[:：].{1,200}",
        r".{1,120} lyrics? \| .{2,40}",
        r"add lyrics on musixmatch",
        rf".{{0,80}}\blyrics? (?:at|on|from|via) (?:{SITE}|{DOMAIN})\W?",
        r"(?:print|share|edit|rate|embed) (?:these|this|the) lyrics?",
    ),
    # LyricFind's and MetroLyrics' footers; every notice of copyright.
    _line(
        "©|℗|copyright|(c)|(p)|rights reserved",
        r"\W{0,3}[©℗].{0,250}",
        r".{0,80}\((?:c|p)\)\s?(?:19|20)\d\d\b.{0,150}",
        r"copyright\s?(?:©|\(c\)|[:：]|(?:19|20)\d\d).{0,250}",
        r".{0,80}\blyrics? (?:©|\(c\)|℗|are property).{0,150}",
        r".{0,150}\ball rights reserved\b.{0,100}",
    ),
    _line("mojim", r".{0,20}※ ?mojim\.com.{0,20}"),
    # Pages of the years of ringtones.
    _line("ringtone", r"send .{1,80} ringtones? to (?:your )?(?:cell|mobile|phone).{0,40}"),
    # paroles.net.
    _line(
        "paroles",
        r"paroles (?:officielles|ajoutées|proposées|corrigées) .{0,80}",
        r"(?:voir la )?traduction (?:de|en) .{1,60}paroles.{0,40}",
    ),
    # Letras, Vagalume, musica.com.
    _line(
        "enviad|legendad|revis|erro|compartilh|letra",
        r"(?:letra )?enviad[ao] por .{1,80}",
        r"legendad[ao] por .{1,80}",
        r"revis(?:ão|ões|ado|ada) por .{1,80}",
        r"viu algum erro\?.{0,60}",
        r"¿(?:viste|encontraste) algún error\?.{0,60}",
        r"compartilhe ess?t?a (?:música|letra).{0,60}",
        r"letra (?:subida|añadida|agregada|adicionada|traducida|corregida) por .{1,80}",
        rf"letras? (?:de|em|en) .{{0,60}}(?:{SITE}|{DOMAIN}).{{0,40}}",
    ),
    # songtexte.com.
    _line("songtext", r"songtext powered by .{1,60}"),
    # tekstowo.pl.
    _line(
        "tekst|interpretacj|tłumaczen",
        r"poznaj historię zmian tego tekstu",
        r"tekst piosenki\s?:?",
        r"dodaj interpretację.{0,60}",
        r"historia edycji tekstu.{0,60}",
        r"pokaż (?:tłumaczenie|cały tekst).{0,20}",
        r"tekst (?:dodał|edycja|zweryfikował|poprawił|ulepszył)\w{0,5}\W.{0,60}",
        r"tłumaczenie\s?:",
    ),
    # QQ Music, NetEase, Kugou: rights, who translated, and "//" where a line has no translation.
    _line(
        "//|著作|许可|許可|授权|授權|歌词|歌詞|歌曲来自|歌曲來自",
        r"//+",
        r".{0,40}享有本?翻[译譯]作品的著作[权權].{0,20}",
        r".{0,10}未[经經].{0,20}(?:许可|許可|授[权權]|同意).{0,10}(?:不得|[请請]勿|禁止|[严嚴]禁).{0,40}",
        r".{0,10}歌[词詞]\s?(?:翻[译譯])?由.{1,40}(?:提供|生成|制作|製作).{0,10}",
        r".{0,5}本(?:歌曲|作品)[来來]自.{1,40}",
        r".{0,10}(?:更多|完整|查看).{0,8}歌[词詞].{0,30}(?:\.com|\.cn|[网網]|站).{0,20}",
        r"\W{0,4}歌[词詞](?:千[寻尋]|[网網]|[来來]自|提供|[贡貢][献獻]).{0,40}",
    ),
    # Editors of LRC files.
    _line(
        "lrc|subtitle|karaoke|lyric",
        r"\W{0,6}lrc\s?(?:by\b|file\b|maker\b|editor\b|[:：]|编辑|編輯|制作|製作).{0,80}",
        r"(?:lrc|lyrics?|subtitles?|karaoke) (?:file )?(?:made|created|edited|sync(?:ed|hroni[sz]ed)|timed|generated"
        r"|uploaded|posted|added)(?: and \w{1,20})? (?:by|with|at|on|using)\b.{1,80}",
    ),
)
# Which rules a text needs, in one pass over the words.
WORDS = [(word, number) for number, rule in enumerate(LINES) for word in rule.words]
# What the page is called, where a text begins: "Harbour Lyrics"; lyrics.ovh: "Paroles de la chanson … par …".
TITLES = (
    re.compile(r"(?:[\"“][^\"”]{1,80}[\"”]|(?:[^\Wa-z_]\S{0,30} ){1,8}?)\s?[Ll](?:yrics|YRICS)|LYRICS|Lyrics"),
    re.compile(
        r"paroles de (?:la chanson )?.{1,100} par .{1,100}|lyrics? (?:to|of|for) .{1,80} by .{1,80}"
        r"|letra (?:de la canción|da música) .{1,80} (?:de|por) .{1,80}|songtexte? (?:von|zu) .{1,160}"
        r"|testo (?:di|della canzone) .{1,80} (?:di|-) .{1,80}|tekst (?:piosenki|utworu) .{1,120}|songtekst van .{1,99}"
        r"|текст песни .{1,120}|слова песни .{1,120}|şarkı sözleri .{0,120}",
        re.IGNORECASE,
    ),
)


def without_glued_text(text: str) -> str:
    r"""A text without what is glued to its words; it keeps the number of its line breaks.

    Examples
    --------
    >>> without_glued_text("on the quayYou might also likeYou were singing12Embed").split(BREAK)
    ['on the quay', 'You were singing']
    """
    lower = text.lower()
    for word, pattern in GLUED:
        if word in lower:
            text = pattern.sub(_break, text)
    if "contributor" in lower or "read more" in lower:
        text = _without_page(text)
    if "embed" in lower:
        text = EMBED.sub(lambda match: "\n" * match[0].count("\n"), text)
    return text


def _without_page(text: str) -> str:
    """A text without the heading of Genius' page, and without what the page says about the song."""
    start = 0
    heading = CONTRIBUTORS.match(text)
    while found := CONTRIBUTORS.match(text, start):
        start = found.end()
    while match := ABOUT.search(text, start, start + MAX_ABOUT):
        about = text[start : match.end()]
        if "\n[" in about or not (heading or about.strip().count("\n") < MAX_ABOUT_LINES):
            break
        start = match.end()
    return "\n" * text.count("\n", 0, start) + text[start:]


def without_site_lines(lines: list[str]) -> list[str | None]:
    """Lines, with None in the place of each that a site or a program has added.

    Examples
    --------
    >>> without_site_lines(["Copper lanterns", "Submit Corrections", "Source: https://lrclib.net/api/123456"])
    ['Copper lanterns', None, None]
    """
    kept: list[str | None] = list(lines)
    lower = "\n".join(lines).lower()
    for number in sorted({number for word, number in WORDS if word in lower}):
        kept = [None if line and _is(LINES[number], line) else line for line in kept]
    for place, line in enumerate(kept):
        if line and any(title.fullmatch(line) for title in TITLES):
            kept[place] = None
        elif line:
            break
    return kept


def _break(match: re.Match[str]) -> str:
    """The end of a line between words, nothing at the begin or end of one; a whole line stays for `LINES`."""
    before = match.string[max(match.start() - 3, 0) : match.start()].rstrip(" ")
    behind = match.string[match.end() : match.end() + 3].lstrip(" ")
    begins, ends = not before or before[-1] in EDGES, not behind or behind[0] in EDGES
    return match[0] if begins and ends else "" if begins or ends else BREAK


def _is(rule: Rule, line: str) -> bool:
    return len(line) <= MAX_LINE and rule.pattern.fullmatch(line) is not None
