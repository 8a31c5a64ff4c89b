"""The map of a library, laid out when its model is trained."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from alcca.space.map_labels import name_neighbourhoods
from alcca.space.map_layout import Layout, can_lay_out, lay_out, song_points

if TYPE_CHECKING:
    from alcca.store.songs import Store

__all__ = ["lay_out_songs"]


def lay_out_songs(store: "Store", name: str, model: Path, *, random_state: int = 0) -> Layout | None:
    """Lay out the songs that a model has embedded, and save the map in its folder.

    Parameters
    ----------
    store : Store
    name : str
        The model's name.
    model : path
        Its folder.
    random_state : int

    Returns
    -------
    Layout or None
        None, without saving anything, if the extra ``map`` is not installed or there are fewer than four songs.
    """
    # Here, because the parts of a search import this module.
    from alcca.store.embeddings import VIEWS, Embeddings

    embeddings = store.tables(Embeddings)
    ids, points = song_points([embeddings.vectors(name, view) for view in VIEWS])
    if len(ids) < 4 or not can_lay_out():
        return None
    checks = embeddings.checksums(name)
    songs = store.songs(ids.tolist())
    places = lay_out(points, random_state=random_state)
    named = name_neighbourhoods(
        places, [song.lyrics or "" for song in songs], [song.language for song in songs], random_state=random_state
    )
    layout = Layout(ids, np.array([checks[number] for number in ids.tolist()]), places, tuple(named))
    layout.save(model)
    return layout
