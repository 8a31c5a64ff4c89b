"""The plugin in a real beets: its command, its fields, and what it does on import."""

import contextlib
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import beets.library
import beets.plugins
import beets.ui
import pytest
from tests.lyrics.fakes import HARBOUR, ORCHARD, heard

ROOT = Path(__file__).resolve().parents[2]
CONFIG = """
directory: {place}/sorted
library: {place}/library.db
plugins: [alcca]
paths: {{default: $title, singleton: $title, comp: $title}}
import: {{copy: yes, write: yes, autotag: no, quiet: yes}}
alcca:
  {more}
"""


class Beets:
    """The program ``beet`` with a library of its own."""

    def __init__(self, place):
        self.place, self.config = place, place / "config.yaml"

    def run(self, *arguments):
        beets.config.clear()
        beets.config.read(user=False)
        # One plugin a process is kept; a new program has a new one.
        beets.plugins._instances.clear()
        beets.plugins.BeetsPlugin.listeners.clear()
        beets.plugins.BeetsPlugin._raw_listeners.clear()
        with contextlib.suppress(SystemExit):
            beets.ui._raw_main(["-c", str(self.config), *arguments])

    def items(self):
        library = beets.library.Library(str(self.place / "library.db"), str(self.place / "sorted"))
        return {item.title: item for item in library.items()}


@pytest.fixture
def beet(ear, tmp_path, monkeypatch):
    """Two songs of which one has its lyrics beside it, and a folder of texts with those of the other."""
    monkeypatch.setenv("BEETSDIR", str(tmp_path / "beets"))
    from mediafile import MediaFile

    songs = tmp_path / "new"
    for name, words in {"Harbour": HARBOUR, "Orchard": ORCHARD, "Hum": ""}.items():
        path = ear.record(songs / f"{name.lower()}.flac", heard(words))
        tags = MediaFile(path)
        tags.title, tags.artist, tags.album = name, "Ana", "Tides"
        if name == "Harbour":
            tags.lyrics = HARBOUR
        tags.save()
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "words.txt").write_text(ORCHARD)
    one = Beets(tmp_path)

    def configure(more="auto: yes"):
        more = more if "from:" in more else f"{more}\n  from: {tmp_path}/texts"
        one.config.write_text(CONFIG.format(place=tmp_path, more=more))
        return one

    return configure


def files(folder):
    return sorted(path.name for path in folder.rglob("*.lrc"))


def test_on_import_lyrics_are_found_timed_and_put_where_the_music_goes(beet, tmp_path):
    one = beet()
    one.run("import", "-A", str(tmp_path / "new"))
    items = one.items()
    assert {title: item.get("alcca_certainty") for title, item in items.items()} == {
        "Harbour": "sure", "Orchard": "sure", "Hum": "instrumental",
    }  # fmt: skip
    assert items["Orchard"].lyrics == ORCHARD
    assert files(tmp_path / "sorted") == ["Harbour.lrc", "Orchard.lrc"]
    assert files(tmp_path / "new") == []
    assert "[00:03.00]Every summer afternoon" in (tmp_path / "sorted" / "Orchard.lrc").read_text()


def test_the_command_goes_over_a_query_and_only_once(beet, tmp_path, ear):
    one = beet("auto: no")
    one.run("import", "-A", str(tmp_path / "new"))
    assert ear.times == 0
    one.run("alcca", "--pretend", "title:Harbour")
    assert (files(tmp_path / "sorted"), ear.times) == ([], 1)
    one.run("alcca", "title:Harbour")
    assert files(tmp_path / "sorted") == ["Harbour.lrc"]
    assert [title for title, item in one.items().items() if item.get("alcca_certainty")] == ["Harbour"]
    listened = ear.times
    one.run("alcca", "title:Harbour")
    assert ear.times == listened
    one.run("alcca", "--force", "title:Harbour")
    assert ear.times == listened + 1


def test_lyrics_that_only_beets_has_are_known(beet, tmp_path, ear):
    one = beet("auto: no")
    one.run("import", "-A", str(tmp_path / "new"))
    item = one.items()["Hum"]
    item.lyrics = HARBOUR
    item.store()
    one.run("alcca", "title:Hum")
    assert one.items()["Hum"].alcca_certainty == "doubtful"
    assert one.items()["Hum"].lyrics == HARBOUR
    assert files(tmp_path / "sorted") == []
    # Not gone over again, whatever alcca remembers.
    shutil.rmtree(tmp_path / "cache")
    one.run("alcca", "title:Hum")
    assert ear.times == 1


def test_what_was_heard_is_told_as_such_and_not_taken_for_lyrics(beet, tmp_path):
    from mediafile import MediaFile

    tags = MediaFile(tmp_path / "new" / "harbour.flac")
    tags.lyrics = None
    tags.save()
    one = beet("auto: yes\n  transcribe: yes\n  from: []")
    one.run("import", "-A", str(tmp_path / "new"))
    assert (one.items()["Harbour"].alcca_certainty, one.items()["Harbour"].lyrics) == ("heard", "")
    item = one.items()["Harbour"]
    del item["alcca_certainty"]
    item.store()
    one.run("alcca", "title:Harbour")
    assert one.items()["Harbour"].alcca_certainty == "heard"


def test_the_fields_can_be_asked_for(beet, tmp_path, capsys):
    one = beet()
    one.run("import", "-A", str(tmp_path / "new"))
    capsys.readouterr()
    one.run("ls", "alcca_certainty:instrumental", "-f", "$title")
    assert capsys.readouterr().out == "Hum\n"


def test_a_wrong_configuration_is_told(beet, tmp_path, capsys):
    one = beet("auto: no\n  write: pdf")
    one.run("import", "-A", str(tmp_path / "new"))
    with pytest.raises(beets.ui.UserError, match="unknown format of lyrics 'pdf'"):
        one.run("alcca")


def test_without_a_speech_model_music_is_imported_all_the_same(beet, tmp_path, monkeypatch):
    from alcca.errors import SpeechModelError

    def missing(*_, **__):
        raise SpeechModelError("there are no weights")

    monkeypatch.setattr("alcca.lyrics.run.find_weights", missing)
    one = beet()
    one.run("import", "-A", str(tmp_path / "new"))
    assert set(one.items()) == {"Harbour", "Orchard", "Hum"}


def test_a_real_beet_knows_the_command():
    said = subprocess.run(
        [sys.executable, "-m", "beets", "-p", "alcca", "help"], capture_output=True, text=True, check=True
    )
    assert "write lyrics with times" in said.stdout


def test_the_wheel_has_the_plugin_in_beets_own_namespace():
    """A folder with an __init__.py would hide the plugins that come with beets."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert "src/beetsplug" in project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert not (ROOT / "src" / "beetsplug" / "__init__.py").exists()
