"""A speech model that says what it was told to say."""

from types import SimpleNamespace

import numpy as np

from alcca.speech.recogniser import RATE

SPECIAL, TIMES = 1_000, 2_000
LANGUAGES = ("en", "de", "br")


class Tokens:
    """A tokeniser with a word for each token."""

    def __init__(self):
        self.words = []
        names = [
            "endoftext",
            "startoftranscript",
            "transcribe",
            "translate",
            "startofprev",
            "startoflm",
            "nospeech",
            *LANGUAGES,
        ]
        self.special = {f"<|{name}|>": SPECIAL + number for number, name in enumerate(names)}
        self.special["<|notimestamps|>"] = TIMES - 1

    def token_to_id(self, name):
        return self.special.get(name)

    def encode(self, text, **options):
        """A token for each different word, and one for a space alone."""
        words = text.split() or [""]
        self.words += [word for word in dict.fromkeys(words) if word not in self.words]
        return SimpleNamespace(ids=[self.words.index(word) for word in words])

    def decode(self, ids):
        return " " + " ".join(self.words[number] if number < len(self.words) else "<|end|>" for number in ids)

    def of(self, script):
        """Tokens of a script: seconds are time stamps, texts are words."""
        found = []
        for one in script:
            if isinstance(one, float):
                found.append(TIMES + round(one / 0.02))
            else:
                for word in one.split():
                    self.words.append(word)
                    found.append(len(self.words) - 1)
        return found


class Whisper:
    """Stands for faster_whisper.WhisperModel; `given` is what it was made and asked with."""

    max_length = 448
    multilingual = True

    def __init__(self, folder, **options):
        self.given = {"folder": folder, **options}
        self.hf_tokenizer = Tokens()
        self.model = self
        self.is_multilingual = self.multilingual
        self.scripts, self.places, self.asked, self.likely = [], [], [], []
        # Of second readings: what they say, how likely, and how they were asked for.
        self.seconds, self.second_scores, self.asked_again = [], [], []
        self.score, self.no_speech = -0.3, 0.2
        # The next likely texts of second readings; the probabilities of forced tokens, over a sound as in `places`;
        # and what was forced: the sound, the tokens, the prompt and the encoder's steps.
        self.guesses, self.forced, self.probability = [], [], lambda sound, tokens: [0.5] * len(tokens)

    def feature_extractor(self, samples):
        # The first sample and the number of samples stand for the sound.
        return np.array([[samples[0]], [len(samples)]], dtype=np.float32)

    def encode(self, features):
        self.places.append((float(features[0, 0]), float(features[1, 0]) / RATE))
        return features

    def detect_language(self, encoded):
        language, probability = self.likely.pop(0) if self.likely else ("en", 0.9)
        return [[(f"<|{language}|>", probability)]]

    def generate(self, encoded, prompts, **options):
        again = prompts[0][-1] == self.hf_tokenizer.special["<|notimestamps|>"]
        (self.asked_again if again else self.asked).append((prompts[0], options))
        scripts, score = (self.seconds, self.score) if again else (self.scripts, self.score)
        if again and self.second_scores:
            score = self.second_scores.pop(0)
        ids = self.hf_tokenizer.of(scripts.pop(0) if scripts else [])
        others = [self.hf_tokenizer.of([guess]) for guess in self.guesses] if again else []
        return [SimpleNamespace(sequences_ids=[ids, *others], scores=[score], no_speech_prob=self.no_speech)]

    def align(self, features, start_sequence, text_tokens, num_frames):
        """A word a second, and the end a second after the last."""
        (tokens,) = text_tokens
        features = np.asarray(features)
        heard = float(features[0, 0]), float(features[1, 0]) / RATE
        self.forced.append((heard, tokens, start_sequence, features.shape[1]))
        steps = [(place, 50 * place) for place in range(len(tokens) + 1)]
        return [SimpleNamespace(alignments=steps, text_token_probs=self.probability(heard, tokens))]


def sound(seconds):
    """Samples whose values are the seconds at which they are."""
    return (np.arange(round(seconds * RATE)) / RATE).astype(np.float32)


def script(recogniser, *scripts):
    recogniser._whisper.scripts = list(scripts)
    return recogniser._whisper


def said(transcript):
    return [(one.start, one.end, one.text) for one in transcript.segments]
