"""Captions to words for scoring: the official PTB tokeniser, or the project's where Java lacks."""

import pathlib
import subprocess
from collections.abc import Sequence

from pycocoevalcap.tokenizer import ptbtokenizer

from s_cnn_rnn.caption_metrics.java import JavaFailedError
from s_cnn_rnn.vocabulary import tokenise

_JAR = pathlib.Path(ptbtokenizer.__file__).parent / ptbtokenizer.STANFORD_CORENLP_3_4_1_JAR
_PUNCTUATION = frozenset(ptbtokenizer.PUNCTUATIONS)


def ptb_tokenise(captions: Sequence[str], java: pathlib.Path) -> list[str]:
    """Tokenises with the jar, options and punctuation list of coco-caption's PTBTokenizer.

    Its Python wrapper is passed by: it writes a file beside the jar (so a read-only installation
    fails) and mixes up the lines where a caption has an unusual line break in it.

    Args:
        captions: any text; runs of white space count as one blank.
        java: the `java` program.

    Returns:
        For each caption its words, lower case, without punctuation, joined by blanks.

    Raises:
        JavaFailedError: the tokeniser could not be started, failed, or lost a line.
    """
    lines = [" ".join(caption.split()) for caption in captions]
    command = [str(java), "-cp", str(_JAR), "edu.stanford.nlp.process.PTBTokenizer"]
    command += ["-preserveLines", "-lowerCase"]
    text = "".join(f"{line}\n" for line in lines)
    try:
        done = subprocess.run(command, input=text.encode(), capture_output=True, check=True)
    except OSError as error:
        raise JavaFailedError(f"the PTB tokeniser did not start: {error}") from error
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip()[-500:]
        raise JavaFailedError(
            f"the PTB tokeniser stopped with status {error.returncode}: {said}"
        ) from error
    tokenised = done.stdout.decode().split("\n")[:-1]
    if len(tokenised) != len(lines):
        raise JavaFailedError(
            f"the PTB tokeniser gave {len(tokenised)} lines back for {len(lines)} captions"
        )
    return [_without_punctuation(line) for line in tokenised]


def _without_punctuation(line: str) -> str:
    return " ".join(word for word in line.rstrip().split(" ") if word not in _PUNCTUATION)


def imitate_ptb(captions: Sequence[str]) -> list[str]:
    """Tokenises without Java, by the project's own tokeniser (`vocabulary.tokenise`).

    Of Flickr8k's and COCO's captions 99.9% come out the same as from the PTB tokeniser; the others
    have symbols that PTB keeps (# &), abbreviations ("mr."), addresses, or "don't" in one word.
    """
    return [" ".join(tokenise(caption)) for caption in captions]
