"""Speaks the Japanese catalog: lines of name, words and reading on standard input, WAV files into a folder.

The words are spoken where the synthesiser reads them as the catalog says they sound; where it reads them otherwise (a
kanji with two readings), the kana of the reading are spoken instead. Anything else is an error: what is heard is
what was reviewed.
"""

import pathlib
import sys
import wave

import numpy
import pyopenjtalk

RATE = 48_000
REST = 0.3


def heard(words: str) -> str:
    """How the synthesiser reads the words, without pauses."""
    return "".join(c for c in pyopenjtalk.g2p(words, kana=True) if c not in "、。’' ")


def pick(name: str, words: str, reading: str) -> str:
    """Words or reading, in katakana or hiragana: the first that sounds as the catalog says."""
    expected = "".join(c for c in reading if c not in "、。")
    hiragana = "".join(chr(ord(c) - 0x60) if "ァ" <= c <= "ヶ" else c for c in reading)
    for candidate in (words, reading, hiragana):
        if heard(candidate) == expected:
            return candidate
    sys.exit(f"{name}: {words} is read {heard(words)}, {reading} is read {heard(reading)}")


def without_long_rests(samples: numpy.ndarray) -> numpy.ndarray:
    """The same with what is over REST seconds cut out of every silence: the voice rests long between sentences."""
    frame = RATE // 100
    frames = samples[: len(samples) // frame * frame].reshape(-1, frame)
    quiet = numpy.sqrt((frames**2).mean(axis=1)) < 0.005 * numpy.abs(samples).max()
    kept, run = [], 0
    for sound, is_quiet in zip(frames, quiet):
        run = run + 1 if is_quiet else 0
        if run <= REST * 100:
            kept.append(sound)
    return numpy.concatenate(kept)


def main() -> None:
    folder = pathlib.Path(sys.argv[1])
    for line in sys.stdin:
        name, words, reading = line.rstrip("\n").split("\t")
        samples, rate = pyopenjtalk.tts(pick(name, words, reading))
        assert rate == RATE
        samples = without_long_rests(samples)
        peak = numpy.abs(samples).max()
        pcm = (samples / peak * 16_384).astype("<i2")
        with wave.open(str(folder / f"{name}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(pcm.tobytes())


if __name__ == "__main__":
    main()
