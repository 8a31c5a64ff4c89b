"""How to read the numbers of a report, in plain words."""

from alcca.experiments.results import Results

__all__ = ["how_to_read"]


def how_to_read(results: Results) -> list[tuple[str, str]]:
    """Explain the measures and controls, with the values of chance for these results."""
    summary = results.summary()
    first = summary.query("level == 'instance'").iloc[0]
    terms = [
        ("MRR1", "For each query, 1 divided by the place of the right song in the ranked list; then the mean over "
         "queries. 1 would be always first, 0.5 always second. By chance alone it would be "
         f"{first['MRR1_chance']:.3f} in a pool of {first['pool']:.0f} songs."),
        ("R@1, R@5", "The share of queries whose right song is the first, or among the first five. By chance: "
         f"{first['R@1_chance']:.3f} and {first['R@5_chance']:.3f}."),
        ("Instance and category", "Instance (I): only the song itself is right. Category (C): every song with the "
         "same label is right, and the first of them counts; so chance is higher."),
        ("A and L", "A: audio is the query and lyrics are searched. L: lyrics are the query and audio is searched."),
        ("Chance", "What a list in random order gives on average; computed exactly, not simulated."),
    ]  # fmt: skip
    if summary["mAP"].notna().any():
        terms.append(
            (
                "mAP, mAP@R, nDCG",
                "All songs of the query's label are right. mAP: the precision at the place of each of them, as a mean "
                "over them and over the queries. mAP@R: the same, where only the first R places count, R being how "
                "many songs are right. nDCG: a right song at place r counts 1 / log2(1 + r); the sum, over the largest "
                "that is possible. mAP without a letter is the mean of both directions.",
            )
        )
    if summary["hubness"].notna().any():
        terms.append(
            (
                "Hubness",
                "How unevenly songs are found: the skewness of how often each is among the 10 nearest of a query. 0 is "
                "even; above 1 a few songs, hubs, are near to nearly all queries.",
            )
        )
    if results.ranks["control"].any():
        terms.append(
            (
                "Shuffled pairs",
                "The same method trained on pairs whose lyrics were shuffled, and tested on the true pairs: what is "
                "left without any pairing to learn from.",
            )
        )
    terms.append(
        (
            "Intervals",
            "[low, high] holds the mean in 95% of collections drawn anew from these songs. Ties count against the "
            "system.",
        )
    )
    return terms
