"""Print results for the terminal."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alcca.indexing.reports import TranscriptionReport
    from alcca.matching.passages import Passage
    from alcca.search.hits import Hit, Hits

__all__ = ["clock", "print_heard", "print_heard_clip", "print_hearing", "print_hits", "print_pairs"]

# Files shown of those that have the same notes, if there are other notes.
ALIKE = 3
# Matching lines shown for each song: more would push the next song out of sight.
PASSAGES = 2


def print_hits(hits: "Sequence[Hit]", *, explain: bool = False) -> None:
    """Print the hits of a search, two or three lines each; with ``explain``, also the score of each part."""
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
        for evidence in hit.evidence if explain else ():
            # Only the space has a score in units of its own (a cosine), which only the bits make comparable.
            cosine = "" if evidence.closer_than is None else f" (cosine {evidence.score:.3f})"
            print(f"{indent}{evidence.part}: {evidence.bits:+.1f} bits{cosine}")
        if explain and hit.probability is not None:
            print(f"{indent}total: {hit.bits:+.1f} bits, {hit.probability:.1%} that this is the song")


def _where(passage: "Passage") -> str:
    return "" if passage.start is None else f"  at {clock(passage.start)}"


def clock(seconds: float) -> str:
    """Format seconds as minutes and seconds.

    Examples
    --------
    >>> clock(75.4)
    '1:15'
    """
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def print_heard_clip(hits: "Hits") -> None:
    """Print the transcript of the query recording, and the notes on the search."""
    if hits.heard is not None:
        if hits.heard.has_words:
            print(f"Transcript ({hits.heard.language}): “{' / '.join(hits.heard.text.splitlines())}”")
        else:
            print("No words were recognised in the recording.")
    for note in hits.notes:
        print(f"({note})")


def print_hearing(report: "TranscriptionReport") -> None:
    """Print the outcome of a transcription run."""
    if report.heard or report.failures:
        minutes = report.seconds / 60
        print(
            f"{report.heard} songs transcribed with {report.model} in {report.seconds:.0f} s "
            f"({report.heard / minutes if minutes else 0:.0f} per minute), {report.without_words} of them without words"
        )
    print_pairs("could not be transcribed", report.failures)
    print_pairs("transcripts with notes", report.notes)


def print_heard(hearing: Mapping[str, Any]) -> None:
    """Print how many songs have transcripts, for the status."""
    models = _counted(hearing["models"])
    print(
        f"  transcripts: {hearing['heard'] - hearing['without_words']} songs with words, {hearing['without_words']} "
        f"without, {hearing['not_heard']} not yet transcribed{f' ({models})' if models else ''}"
    )
    if hearing["doubtful"]:
        print(f"  {hearing['doubtful']} of them may gain words from another pass: alcca hear --doubtful")
    if hearing["languages"]:
        print(f"  sung in: {_counted(hearing['languages'])}")


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{value} ({count})" for value, count in counts.items())


def print_pairs(heading: str, pairs: Iterable[tuple[str, str]], most: int = 10) -> None:
    r"""Print at most ``most`` files with their reasons; files with the same ones share them.

    Examples
    --------
    >>> print_pairs("notes", [("a.mp3", "short"), ("b.mp3", "short"), ("b.mp3", "quiet"), ("c.mp3", "short")])
    3 notes:
      a.mp3
      c.mp3
        short
      b.mp3
        short
        quiet
    """
    reasons: dict[str, list[str]] = {}
    for file, reason in pairs:
        reasons.setdefault(file, []).append(reason)
    if not reasons:
        return
    print(f"{len(reasons)} {heading}:")
    alike: dict[tuple[str, ...], list[str]] = {}
    for file, given in reasons.items():
        alike.setdefault(tuple(given), []).append(file)
    shown = told = 0
    for shared, files in alike.items():
        if shown == most:
            break
        # Of many that are alike, a few are enough to see which.
        first = files[: min(most - shown, ALIKE if len(alike) > 1 else most)]
        shown, told = shown + len(first), told + len(files)
        for file in first:
            print(f"  {_one_line(file)}")
        if len(files) > len(first):
            print(f"  … and {len(files) - len(first)} more with the same; list all with --json")
        for reason in shared:
            print(f"    {_one_line(reason)}")
    if told < len(reasons):
        print(f"  … and {len(reasons) - told} more; list all with --json")


def _one_line(text: str) -> str:
    # Names of files may hold line breaks.
    return text.replace("\n", "␊")
