"""Time the matcher on sentences with ten alternatives each: ``python benchmarks/matching.py``.

Sentences are those of tests/utterances; the alternatives drop, repeat or swap words the way a
recogniser's do. Times are processor time of this process, so that a busy machine does not count.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
import tomllib
from pathlib import Path

from voiceskill import paths
from voiceskill.content.load import load
from voiceskill.events import Alternative, Transcript, Word
from voiceskill.match import Matcher

SETS = Path(__file__).parent.parent / "tests" / "utterances"
ALTERNATIVES = 10


def sentences() -> list[str]:
    """Return every sentence of the in-domain and off-topic sets."""
    questions = tomllib.loads((SETS / "in_domain.toml").read_text(encoding="utf-8"))["intent"]
    others = tomllib.loads((SETS / "off_topic.toml").read_text(encoding="utf-8"))["group"]
    return [sentence for block in (*questions, *others) for sentence in block["say"]]


def heard(sentence: str, everything: list[str], rng: random.Random) -> Transcript:
    """Return ``sentence`` as a transcript with alternatives that differ in a word or two."""
    words = sentence.lower().split()
    alternatives = [Alternative(" ".join(words), 100.0)]
    while len(alternatives) < ALTERNATIVES:
        other = list(words)
        for _ in range(rng.randint(1, 2)):
            place = rng.randrange(len(other))
            kind = rng.random()
            if kind < 0.6:
                other[place] = rng.choice(rng.choice(everything).split())
            elif kind < 0.8:
                other.insert(place, other[place])
            elif len(other) > 1:
                del other[place]
        alternatives.append(Alternative(" ".join(other), 100.0 - 0.7 * len(alternatives)))
    return Transcript(
        sentence,
        tuple(Word(word, 0.0, 0.1, 0.9) for word in words),
        tuple(alternatives),
    )


def main() -> None:
    """Print the times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=1)
    arguments = parser.parse_args()
    catalogue = load(paths.bundled("intents"))
    started = time.process_time()
    matcher = Matcher(catalogue, paths.cache_dir())
    print(f"building the matcher  {1000 * (time.process_time() - started):8.1f} ms")
    rng = random.Random(2026)
    everything = sentences()
    transcripts = [heard(sentence, everything, rng) for sentence in everything]
    typed = [Transcript(sentence, typed=True) for sentence in everything]
    for name, batch in (("typed", typed), (f"{ALTERNATIVES} alternatives", transcripts)):
        times = []
        for transcript in batch * arguments.rounds:
            started = time.process_time()
            matcher.match(transcript)
            times.append(1000 * (time.process_time() - started))
        times.sort()
        print(
            f"{name:<21} {len(batch)} sentences, {len(catalogue.phrases)} phrases: "
            f"median {statistics.median(times):.2f} ms, "
            f"p95 {times[int(0.95 * len(times))]:.2f} ms, worst {times[-1]:.2f} ms"
        )


if __name__ == "__main__":
    main()
