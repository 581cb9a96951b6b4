import pytest

from s_cnn_rnn.scoring.caption_evaluation import caption_protocol, how_decoded
from s_cnn_rnn.settings import DecodingSettings


def test_a_consensus_is_named_with_its_voters():
    assert how_decoded(DecodingSettings(3, 0.8, 20)) == "consensus of 20, length normalisation 0.8"


@pytest.mark.parametrize(
    ("votes", "expected"),
    [
        ({"photographs_vote": True}, "consensus of 20 and photographs"),
        ({"concepts_vote": True}, "consensus of 20 and concepts"),
        (
            {"concepts_vote": True, "photographs_vote": True},
            "consensus of 20 and concepts and photographs",
        ),
    ],
)
def test_so_are_those_who_vote_beside(votes, expected):
    assert how_decoded(DecodingSettings(3, 0, 20, **votes)) == expected


def test_a_stop_bias_is_named():
    assert how_decoded(DecodingSettings(width=1, stop_bias=-0.5)) == "greedy, stop bias -0.5"


@pytest.mark.parametrize(
    ("width", "normalisation", "references", "expected"),
    [
        (1, 0.7, [5, 5], "greedy, 5 references, PTB tokeniser"),
        (3, 0, [5], "beam 3, 5 references, PTB tokeniser"),
        (3, 0, [40, 40], "beam 3, 40 references, PTB tokeniser"),
        (3, 0.7, [7, 5], "beam 3, length normalisation 0.7, 5 to 7 references, PTB tokeniser"),
    ],
)
def test_protocols(width, normalisation, references, expected):
    decoding = DecodingSettings(width, normalisation)
    captions = [("a",) * n for n in references]
    official = "PTB (Stanford CoreNLP 3.4.1)"
    assert caption_protocol(decoding, captions, tokeniser=official) == expected
    imitated = caption_protocol(decoding, captions, tokeniser="another")
    assert imitated == expected.replace("PTB", "imitated PTB")
