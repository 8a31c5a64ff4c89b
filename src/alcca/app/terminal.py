"""Results as a person reads them in a terminal."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alcca.library.hearing import HearReport
    from alcca.library.hits import Hit, Hits
    from alcca.matching.passages import Passage

__all__ = ["clock", "print_heard", "print_heard_clip", "print_hearing", "print_hits", "print_pairs"]

# Lines of a song that are shown as heard: more hide the next song.
PASSAGES = 2


def print_hits(hits: "Sequence[Hit]", *, explain: bool = False) -> None:
    """Print what a search found, a song to two lines or three; with ``explain`` what each part of the search says."""
    if not hits:
        print("nothing found")
    for hit in hits:
        score = "" if hit.certainty is None else f"{hit.certainty:<8}"
        by = f" — {hit.artist}" if hit.artist else ""
        label = f"  [{hit.label}]" if hit.label else ""
        print(f"{hit.rank:3d}  {score}{hit.title}{by}{label}")
        indent = f"     {' ' * len(score)}"
        passages = hit.passages[:PASSAGES]
        for passage in passages:
            print(f"{indent}“{passage.line.strip()}”{_where(passage)}")
        if hit.line and not passages:
            print(f"{indent}“{hit.line}”")
        for told in hit.evidence if explain else ():
            # Only the space has a score in a measure of its own, and only the bits say what it is worth.
            cosine = "" if told.closer_than is None else f" (cosine {told.score:.3f})"
            print(f"{indent}{told.part}: {told.bits:+.1f} bits{cosine}")
        if explain and hit.probability is not None:
            print(f"{indent}together: {hit.bits:+.1f} bits, {hit.probability:.1%} that it is the song")


def _where(passage: "Passage") -> str:
    return "" if passage.start is None else f"  at {clock(passage.start)}"


def clock(seconds: float) -> str:
    """Minutes and seconds.

    Examples
    --------
    >>> clock(75.4)
    '1:15'
    """
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def print_heard_clip(hits: "Hits") -> None:
    """Print what was heard in the recording that was searched by, and what is to be known of the search."""
    if hits.heard is not None:
        if hits.heard.has_words:
            print(f"Heard ({hits.heard.language}): “{' / '.join(hits.heard.text.splitlines())}”")
        else:
            print("No words were heard.")
    for note in hits.notes:
        print(f"({note})")


def print_hearing(report: "HearReport") -> None:
    """Print what a hearing did."""
    if report.heard or report.failures:
        minutes = report.seconds / 60
        print(
            f"{report.heard} songs heard with {report.model} in {report.seconds:.0f} s "
            f"({report.heard / minutes if minutes else 0:.0f} a minute), {report.without_words} of them without words"
        )
    print_pairs("could not be heard", report.failures)


def print_heard(hearing: Mapping[str, Any]) -> None:
    """Print how many songs were heard, as a line of the status."""
    models = _counted(hearing["models"])
    print(
        f"  words heard: in {hearing['heard'] - hearing['without_words']} songs, none in {hearing['without_words']}, "
        f"{hearing['not_heard']} not yet heard{f' ({models})' if models else ''}"
    )
    if hearing["doubtful"]:
        print(f"  {hearing['doubtful']} of them can be heard better: alcca hear --doubtful")
    if hearing["languages"]:
        print(f"  sung in: {_counted(hearing['languages'])}")


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{value} ({count})" for value, count in counts.items())


def print_pairs(heading: str, pairs: Iterable[tuple[str, str]], most: int = 10) -> None:
    """Print files with their reasons, the first ``most`` of them."""
    pairs = list(pairs)
    if pairs:
        print(f"{len(pairs)} {heading}:")
        for file, reason in pairs[:most]:
            print(f"  {file}\n    {reason}")
        if len(pairs) > most:
            print(f"  … and {len(pairs) - most} more: see all with --json")
