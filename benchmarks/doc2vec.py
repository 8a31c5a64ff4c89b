"""How long it takes to read the lyrics of many songs by Doc2Vec, beside gensim in a loop.

    python -m benchmarks doc2vec [--songs 3000] [--rounds 3]

Made-up lyrics of 220 words. gensim's own vectors differ from call to call; ours depend on text and model alone, whether
they are made here or in processes side by side, and the benchmark fails where they do not.
"""

import os

import numpy as np
from gensim.models.doc2vec import Doc2Vec

from alcca.encoders.doc2vec import Doc2VecEncoder
from alcca.indexing.lyrics_features import read_texts
from alcca.songs.lyrics import tokenize
from alcca.workers import local
from benchmarks.growth import texts, words
from benchmarks.measuring import Table, in_turns, make_parser, publish

FIRST = 1_000  # songs to learn from


def main() -> None:
    """Print seconds."""
    parser = make_parser(__doc__, rounds=3)
    parser.add_argument("--songs", type=int, default=3_000)
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    lyrics = [" ".join(song) for song in texts(words(rng), options.songs, rng)]
    encoder = Doc2VecEncoder().fit(lyrics[:FIRST])
    gensim: Doc2Vec = encoder._features._model

    def in_processes() -> np.ndarray:
        return read_texts(encoder, lyrics, local.LocalWorkers())

    ways = {
        "gensim's infer_vector in a loop": lambda: [gensim.infer_vector(tokenize(text)) for text in lyrics],
        "alcca in one process": lambda: encoder.encode(lyrics),
        f"alcca in {os.cpu_count()} processes": in_processes,
    }
    local.SECONDS_WORTH_PROCESSES = -1.0
    if not np.array_equal(in_processes(), encoder.encode(lyrics)):
        raise SystemExit("processes make other vectors than one")
    table = Table(f"Doc2Vec's vectors of {options.songs:,} lyrics")
    table.add(in_turns(ways, options.rounds))
    loop, _, all_ = (row.what for row in table.rows)
    table.facts["faster than the loop"] = table.ratio(loop, all_)
    publish([table], options)


if __name__ == "__main__":
    main()
