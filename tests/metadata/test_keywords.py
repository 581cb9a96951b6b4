from s_cnn_rnn.metadata.keywords import all_texts, each_once, same_text, same_word, with_missing

COMPOSED, TAKEN_APART = "caf\u00e9", "cafe\u0301"


def test_what_is_the_same():
    assert same_text(COMPOSED) == same_text(f" {TAKEN_APART} ") == COMPOSED
    assert same_text("Dog") != same_text("dog")
    assert same_word("Dog") == same_word("dOG ")
    assert same_word("CAFE\u0301") == same_word(COMPOSED)
    assert same_word("Straße") == same_word("STRASSE")
    assert same_word("cafe") != same_word(COMPOSED)


def test_once_each():
    assert each_once([" dog", "Dog", "", " ", TAKEN_APART, "Café"]) == ("dog", TAKEN_APART)


def test_two_places_keep_every_spelling():
    assert all_texts(["Dog", "dog", TAKEN_APART], ["DOG", "dog", COMPOSED, "", "sea"]) == (
        "Dog",
        "dog",
        TAKEN_APART,
        "DOG",
        "sea",
    )


def test_no_other_spelling_is_added():
    there = ("Dog", "dog", TAKEN_APART)
    assert with_missing(there, ["DOG", COMPOSED, "sea"]) == (*there, "sea")
