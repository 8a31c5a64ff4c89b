"""Texts that stand where lyrics would stand, and say that there are none."""

import re
import unicodedata
from typing import Literal

__all__ = ["Placeholder", "placeholder_kind"]

Placeholder = Literal["instrumental", "missing"]

# Longer than the longest notice.
MAX_LENGTH = 300
# LRCGET's mark of an instrumental, a header of LRC; other texts hold their lines as headers too.
LRCGET = re.compile(r"\s*\[au\s*:\s*instrumental\s*\]\s*", re.IGNORECASE)


class _Letters(dict[int, str | None]):
    """A translation table of decomposed text to letters, numbers and spaces, filled as characters occur."""

    def __missing__(self, code: int) -> str | None:
        is_letter = unicodedata.category(chr(code))[0] in "LNM"
        # The accents of Latin, Greek and Cyrillic letters.
        self[code] = None if 0x300 <= code <= 0x36F else chr(code) if is_letter else " "
        return self[code]


LETTERS = _Letters()
EAST_ASIAN = "[\u3040-\u30ff\u3400-\u9fff]"
BETWEEN_HAN = re.compile(f"(?<={EAST_ASIAN}) (?={EAST_ASIAN})")


def _plain(text: str) -> str:
    """Casefolded words without accents and punctuation; Chinese and Japanese without spaces."""
    letters = unicodedata.normalize("NFKD", text.casefold()).translate(LETTERS)
    return BETWEEN_HAN.sub("", unicodedata.normalize("NFC", " ".join(letters.split())))


def _texts(text: str) -> frozenset[str]:
    return frozenset(plain for line in text.splitlines() for part in line.split("|") if (plain := _plain(part)))


# Compared without case, accents and punctuation. 纯音乐，请欣赏 and its longer form are NetEase's and QQ Music's.
INSTRUMENTAL = _texts("""
    instrumental | instrumental track | instrumental song | instrumental piece | instrumental version
    instrumental music only | instrumental only | instrumental break | instrumental interlude | instrumental intro
    instrumental outro | instrumental solo | purely instrumental | pure instrumental
    this is an instrumental | this is instrumental | this song is instrumental | this track is instrumental
    this is an instrumental track | this is an instrumental song | this song is an instrumental
    this track is an instrumental | it s an instrumental | no vocals | without vocals | no words | instrumentale
    strumentale | brano strumentale | solo strumentale | instrumentaal | instrumentalny | instrumentalna
    utwor instrumentalny | instrumentalni | instrumentalne | instrumentalna skladba | instrumentalnı
    instrumentalis | instrumentaali | instrumentallat | instrumental låt | instrumentalstuck | instrumentalmusik
    nur instrumental | ohne gesang | morceau instrumental | titre instrumental | piste instrumentale
    version instrumentale | chanson instrumentale | cette chanson n a pas de paroles |
    instrumental sin letra | tema instrumental | cancion instrumental
    pista instrumental | musica instrumental | faixa instrumental | enstrumantal | enstrumental | orchestral
    инструментал | инструментальная композиция слов нет |
    инструментальная композиция | инструментальная музыка | без слов | інструментал
    інструментальна композиция | инструментална | ορχηστρικο | инструментален | инструментальный трек
    אינסטרומנטלי | קטע אינסטרומנטלי | موسيقى فقط | موسيقى بدون كلمات | بی کلام | بیکلام | آهنگ بی کلام
    वाद्य संगीत | บรรเลง | เพลงบรรเลง | nhac khong loi | hoa tau | khong loi | musik instrumental
    lagu instrumental | 纯音乐 | 纯音乐请欣赏 | 纯音乐请您欣赏 | 纯音乐敬请欣赏 | 純音樂 | 純音樂請欣賞
    純音樂請您欣賞 | 純音樂敬請欣賞 | 纯音乐无歌词 | 此歌曲为纯音乐 | 此歌曲为没有填词的纯音乐
    此歌曲为没有填词的纯音乐请您欣赏 | 此歌曲为没有填词的纯音乐请欣赏 | 此歌曲為沒有填詞的純音樂
    此歌曲為沒有填詞的純音樂請您欣賞 | 该歌曲为纯音乐请您欣赏 | 該歌曲為純音樂請您欣賞
    该歌曲为没有填词的纯音乐请您欣赏 | 本歌曲为纯音乐请您欣赏 | 轻音乐 | 伴奏 | 演奏曲 | 演奏曲请欣赏
    インストゥルメンタル | インストゥルメンタル曲 | インスト | インスト曲 | インストルメンタル
    歌詞のない曲です | この曲はインストゥルメンタルです |
    この曲はインスト曲です | 연주곡 | 연주곡입니다 | 이 곡은 연주곡입니다 | 인스트루멘탈 | 경음악
""")
# pandas' and other programs' empty values; what people and sites write for "none".
MISSING = _texts("""
    nan | n a | na | none | null | nil | undefined | unknown | empty | tbd | tba | todo | to do | to be added
    to be announced | not found | 404 | 404 not found | error 404 | page not found | error | no data | no result
    no results | no match | not available | unavailable | not set | not set yet | coming soon | pending
    unreleased | lyrics | lyrics here | placeholder | no text | keine | kein text | kein songtext
    kein songtext vorhanden | kein text vorhanden | kein liedtext vorhanden | nicht gefunden
    songtext nicht verfugbar | text nicht verfugbar | songtext nicht gefunden | 무가사 | tekst niet beschikbaar
    songtekst niet beschikbaar | kein songtext gefunden | liedtext nicht verfugbar | pas de paroles
    aucune parole | aucunes paroles | paroles non disponibles | paroles indisponibles | paroles introuvables
    aucune parole trouvee | aucunes paroles trouvees | paroles non trouvees | sans paroles | non trouve
    introuvable | sin letra | letra no disponible | letra no encontrada | no hay letra | no se encontro la letra
    no encontrado | no disponible | sem letra | letra nao disponivel | letra indisponivel | letra nao encontrada
    nao encontrado | nao disponivel | nessun testo | testo non disponibile | testo non trovato | non trovato
    non disponibile | senza testo | geen tekst | geen songtekst | songtekst niet gevonden
    geen songtekst gevonden | niet gevonden | geen lyrics | ingen text | ingen tekst | ingen lattext
    inga texter | tekst ikke fundet | tekst ikke funnet | texten saknas | ei sanoja | ei loytynyt | brak
    brak tekstu | brak tekstu piosenki | brak słow | tekst niedostepny | nie znaleziono | nie znaleziono tekstu
    bez textu | text nenalezen | bez slov | nincs szoveg | nincs dalszoveg | versuri indisponibile
    fara versuri | sozler bulunamadı | sarkı sozu bulunamadı | soz yok | sozsuz | bulunamadı | нет текста
    нет слов | текст отсутствует | текст не найден | текст песни не найден | текст песни отсутствует
    слова не найдены | не найдено | слов нет | текста нет | текст недоступен | немає тексту | текст не знайдено
    не знайдено | δεν βρεθηκαν στιχοι | δεν υπαρχουν στιχοι | χωρις στιχους | אין מילים | לא נמצאו מילים
    לא נמצא | لا توجد كلمات | كلمات غير متوفرة | الكلمات غير متوفرة | لم يتم العثور على كلمات
    متن ترانه یافت نشد | بدون متن | कोई बोल नहीं | बोल उपलब्ध नहीं | ไม่มีเนื้อเพลง | ไม่พบเนื้อเพลง | khong co loi
    khong tim thay loi bai hat | chua co loi | chua co loi bai hat | tidak ada lirik | lirik tidak ditemukan
    lirik tidak tersedia | tiada lirik | 暂无歌词 | 暫無歌詞 | 暂无 | 暂时没有歌词 | 没有歌词 | 沒有歌詞
    无歌词 | 無歌詞 | 无 | 無 | 未找到歌词 | 找不到歌词 | 找不到歌詞 | 歌词未找到 | 歌词不存在 | 该歌曲暂无歌词
    本歌曲暂无歌词 | 此歌曲暂无歌词 | 此歌曲暫無歌詞 | 歌词正在添加中 | 还没有歌词 | 尚無歌詞 | 暂无歌词欢迎上传
    暂无歌词求歌词 | 抱歉暂无歌词 | 歌词暂无 | 尚未有歌詞 | 歌詞なし | 歌詞はありません | 歌詞がありません
    歌詞が登録されていません |
    歌詞が見つかりません | 歌詞が見つかりませんでした | 歌詞未登録 | 歌詞は登録されていません | なし | 가사 없음
    가사가 없습니다 | 가사가 등록되지 않았습니다 | 등록된 가사가 없어요 |
    등록된 가사가 없습니다 | 가사를 찾을 수 없습니다 | 가사 준비중 | 가사 준비 중입니다 | 없음
    가사 정보가 없습니다
""")
# Notices that differ in their middle or end: of LyricWiki, Lyrics.com, MetroLyrics, Genius, SongLyrics, Spotify.
NOTICE = re.compile(
    "|".join(
        (
            r"(?:unfortunately |sorry |we re sorry |oops |hmm )?we (?:are not|aren t|re not|do not|don t|currently don"
            r" t|have no)(?: yet| currently)?(?: in a position| licensed| authori[sz]ed| able| allowed| have)?\b.{0,80}"
            r"\blyrics?\b.{0,200}",
            r"(?:the )?(?:full )?lyrics? (?:for|to|of) (?:this|the) (?:song|track)\b.{0,100}"
            r"\b(?:yet to be|not|unavailable|soon|cannot|can t|couldn t)\b.{0,150}",
            r"(?:the |song |these )?lyrics? (?:are |is |have |has |were |was |could |can |will |be |currently ){0,3}"
            r"(?:not|aren t|isn t|unavailable|available (?:after|soon|later)|coming|missing|added (?:soon|later)|yet to"
            r"|cannot|couldn t|can t)\b.{0,100}",
            r"(?:there (?:are|is) |sorry |i have |found )?(?:no|zero) (?:lyrics?|text|song ?text)"
            r"(?: (?:were |was |are |is |have been )?(?:found|available|yet|for|here|at|in|to|provided|exist|added|set)"
            r"\b.{0,100})?",
            r"(?:couldn t|could not|can t|cannot|unable to|failed to|error) (?:find|load|get|fetch|display|retrieve"
            r"|loading|fetching)\b.{0,60}\blyrics?\b.{0,80}",
            r"(?:sorry )?(?:looks like )?we (?:don t|couldn t|can t|do not|could not) (?:have|find|load|show) (?:the )?"
            r"lyrics?\b.{0,100}",
            r"you caught us we re still working on getting lyrics.{0,60}",
            r".{0,40}this lyrics is not for commercial use.{0,20}",
            r"lyrics? (?:by|from) .{1,40} (?:are )?not available.{0,60}",
            r"(?:be the first to )?(?:add|submit) (?:the )?lyrics?(?: for .{1,60})?",
            r"(?:暂无|暫無)歌[词詞].{1,20}",
            # Spotify.
            r"you ll have to guess the lyrics for this one",
            r"(?:zu|fur) dies(?:em|er|en) (?:titel|song|lied|track) (?:ist|gibt es|wurde) (?:leider )?(?:noch )?kein"
            r"(?:en?)? (?:song|lied)?text\b.{0,40}",
            r"ainda nao temos a letra.{0,80}",
            r"(?:desculpe )?nao (?:temos|encontramos) a letra.{0,80}",
            r"(?:lo sentimos )?(?:aun )?no tenemos la letra.{0,80}",
            r"(?:desole )?nous n avons pas (?:encore )?(?:les|de) paroles.{0,80}",
            r"(?:leider )?haben wir (?:noch )?kein(?:en)? (?:song|lied)?text.{0,80}",
        )
    )
)
# These words themselves, as they stand alone in a text of any case; lower case "na" and "nil" could be sung.
UPPER = frozenset(("na",))


def placeholder_kind(text: str) -> Placeholder | None:
    """Whether a whole text says that there are no lyrics, and why.

    Parameters
    ----------
    text : str
        A text as people keep it, without time stamps. Each of its lines must say so: lyrics may hold such a line.

    Returns
    -------
    {"instrumental", "missing"} or None
        ``"instrumental"`` if nothing is sung in the recording, ``"missing"`` if nobody knows the words.

    Examples
    --------
    >>> [placeholder_kind(text) for text in ("♪ Instrumental ♪", "纯音乐，请欣赏", "Lyrics not available", "NaN")]
    ['instrumental', 'instrumental', 'missing', 'missing']
    >>> placeholder_kind("None of us")
    """
    if len(text) > MAX_LENGTH:
        return None
    if LRCGET.fullmatch(text):
        return "instrumental"
    whole = _plain(text)
    kind = _kind(whole, text)
    if kind is None:
        kinds = {_kind(_plain(line), line) for line in text.splitlines() if _plain(line)}
        kind = kinds.pop() if len(kinds) == 1 else None
    return kind


def _kind(plain: str, text: str) -> Placeholder | None:
    if plain in INSTRUMENTAL:
        return "instrumental"
    if plain in MISSING:
        return None if plain in UPPER and text.strip() != "NA" else "missing"
    return "missing" if NOTICE.fullmatch(plain) else None
