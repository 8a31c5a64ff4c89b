"""Songs whose texts are in the public domain, and what a recogniser could make of them."""

import random

SONGS = {
    "de": [
        "Am Brunnen vor dem Tore, da steht ein Lindenbaum, ich träumt in seinem Schatten so manchen süßen Traum.",
        "Ich hab die Nacht geträumet wohl einen schweren Traum, es wuchs in meinem Garten ein Rosmarienbaum.",
        "Sah ein Knab ein Röslein stehn, Röslein auf der Heiden, war so jung und morgenschön.",
        "Der Mond ist aufgegangen, die goldnen Sternlein prangen am Himmel hell und klar, der Wald steht schwarz.",
    ],
    "fr": [
        "Sur le pont d'Avignon, l'on y danse, l'on y danse, sur le pont d'Avignon, l'on y danse tous en rond.",
        "À la claire fontaine, m'en allant promener, j'ai trouvé l'eau si belle que je m'y suis baigné.",
        "Au clair de la lune, mon ami Pierrot, prête-moi ta plume pour écrire un mot, ma chandelle est morte.",
        "Il était un petit navire qui n'avait jamais navigué, il entreprit un long voyage sur la mer Méditerranée.",
    ],
    "es": [
        "De la Sierra Morena, cielito lindo, vienen bajando un par de ojitos negros, cielito lindo, de contrabando.",
        "La cucaracha, la cucaracha, ya no puede caminar, porque no tiene, porque le falta, una pata para andar.",
        "Ya se van los pastores a la Extremadura, ya se queda la sierra triste y oscura, más de cuatro zagalas quedan.",
        "Estas son las mañanitas que cantaba el rey David, hoy por ser día de tu santo te las cantamos a ti.",
    ],
    "en": [
        "What shall we do with the drunken sailor early in the morning, put him in the longboat till he's sober.",
        "Oh Shenandoah, I long to hear you, away you rolling river, I'm going to leave you across the wide Missouri.",
        "The water is wide, I cannot get over, and neither have I wings to fly, give me a boat that can carry two.",
        "Alas, my love, you do me wrong to cast me off discourteously, and I have loved you so long, my own.",
    ],
}  # fmt: skip

_ALIKE = {"d": "t", "t": "d", "b": "p", "p": "b", "g": "k", "k": "g", "m": "n", "n": "m", "e": "i", "i": "e", "o": "u"}


def misheard(text: str, share: float, draw: random.Random) -> str:
    """A text of which this share of letters was heard as others, left out, or doubled with another."""
    heard = ""
    for letter in text:
        if not letter.isalpha() or draw.random() > share:
            heard += letter
        else:
            heard += draw.choice(
                [_ALIKE.get(letter.lower(), ""), "", letter + draw.choice("aeinrst"), draw.choice("aeinrst")]
            )
    return heard
