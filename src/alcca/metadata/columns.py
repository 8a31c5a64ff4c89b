"""Names of a table's columns, in the languages and the spellings in which people and players write them."""

import re
import unicodedata

__all__ = ["FIELD_COLUMNS", "LYRICS_COLUMNS", "NAME_COLUMNS", "PATH_COLUMNS", "column_name"]

# Columns with a path relative to the table's folder, and columns with a file's name without suffix.
PATH_COLUMNS = ("file_name", "file", "path", "filename")
NAME_COLUMNS = ("id", "name")
LYRICS_COLUMNS = ("lyrics", "text")
# The columns of each field; the first filled one is used.
FIELD_COLUMNS = {
    "title": ("title",),
    "artist": ("artist",),
    "album": ("album", "collection"),
    "label": ("label", "mood", "genre"),
    "language": ("language", "lang"),
    "group": ("group",),
}
# Other names of these columns: as iTunes, foobar2000, Mp3tag, MusicBee and spreadsheets head them.
_OTHER_NAMES = {
    "file_name": """dateiname nom_du_fichier nombre_de_archivo nome_do_arquivo nome_file bestandsnaam nazwa_pliku
        имя_файла 文件名 檔名 ファイル名 파일명""",
    "file": "datei fichier archivo arquivo bestand plik файл 文件 檔案 ファイル 파일",
    "path": """file_path filepath full_path location relative_path folder_path_and_filename url pfad dateipfad chemin
        ruta caminho percorso pad ścieżka путь 路径 路徑 パス 경로""",
    "lyrics": """lyric song_lyrics unsynced_lyrics unsyncedlyrics songtext liedtext paroles letra letras testo songtekst
        liedtekst tekst текст слова 歌词 歌詞 가사""",
    "title": """song_title track_title track_name songname song_name titel titre título titulo titolo tytuł название
        标题 標題 歌名 曲名 タイトル 제목""",
    "artist": """artists artist_name performer interpret künstler artiste interprète artista cantante intérprete artiest
        wykonawca исполнитель 艺术家 藝術家 歌手 アーティスト 아티스트 가수""",
    "album": "album_title album_name álbum альбом 专辑 專輯 アルバム 앨범",
    "genre": "género genero genere gênero gatunek жанр 流派 ジャンル 장르",
    "mood": "stimmung humeur настроение",
    "language": "sprache langue idioma lingua língua taal język язык 语言 語言 言語 언어",
}
_NAMES = {other: name for name, others in _OTHER_NAMES.items() for other in others.split()}


def column_name(head: str) -> str:
    """The name by which alcca knows a column; that of an unknown one in lower case.

    Examples
    --------
    >>> column_name(" File Name "), column_name("Paroles"), column_name("歌词"), column_name("Year")
    ('file_name', 'lyrics', 'lyrics', 'year')
    """
    plain = unicodedata.normalize("NFC", head).strip().strip("\ufeff\"'").strip().lower()
    joined = re.sub(r"[\s_-]+", "_", plain)
    known = {*PATH_COLUMNS, *NAME_COLUMNS, *LYRICS_COLUMNS}.union(*FIELD_COLUMNS.values())
    return joined if joined in known else _NAMES.get(joined, plain)
