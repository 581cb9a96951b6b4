import io
import math

import numpy as np
import pytest
from fabricated_photographs import jpeg, rotated_by_exif
from PIL import Image, UnidentifiedImageError
from starlette.testclient import TestClient

from s_cnn_rnn.page.application import STATIC, build_application


def caption(client, uploaded, **wanted):
    return client.post(f"/api/photographs/{uploaded['photograph']}/caption", json=wanted)


def test_an_upload_is_annotated_by_every_run(client, uploaded, shown, photograph):
    assert len(uploaded["annotations"]) == 2
    for run, found in zip(shown, uploaded["annotations"], strict=True):
        [expected] = run.annotator.annotate([photograph], beams=run.beams)
        assert found["text"] == expected.text
        assert [beam["text"] for beam in found["beams"]] == [b.annotation for b in expected.beams]
        assert [tuple(beam["words"]) for beam in found["beams"]] == [
            b.words for b in expected.beams
        ]
        concepts = run.annotator.model.learnt_concepts
        told = dict(zip(concepts, found["probabilities"], strict=True))
        for concept in expected.concepts:
            assert told[concept.word] == pytest.approx(concept.probability, abs=1e-5)
        telling = [c.word for c in expected.telling_concepts(len(concepts))]
        assert [concepts[n] for n in found["telling"]] == telling
    captions, labels = uploaded["annotations"]
    expected = next(iter(shown[0].annotator.annotate([photograph])))
    likely = captions["beams"][0]["probability"]
    assert likely == pytest.approx(math.exp(expected.log_probability), rel=1e-3)
    assert labels["beams"][0]["probability"] is None


@pytest.mark.parametrize("correlated", [False, True])
def test_concepts_that_are_set_change_what_is_written(
    client, uploaded, shown, photograph, correlated
):
    annotator = shown[0].annotator
    words = annotator.model.learnt_concepts[:3]
    probabilities = dict(zip(words, (1.0, 0.0, 0.25), strict=True))
    expected = annotator.what_if(photograph, probabilities=probabilities, correlated=correlated)
    wanted = {"run": 0, "probabilities": probabilities, "correlated": correlated}
    found = caption(client, uploaded, **wanted).json()
    assert found["text"] == expected.after.text
    expected_of = [expected.after.probability(word) for word in annotator.model.learnt_concepts]
    np.testing.assert_allclose(found["probabilities"], expected_of, atol=1e-5)
    assert found["probabilities"][:3] == [1.0, 0.0, 0.25]
    nothing_set = caption(client, uploaded, run=0).json()
    assert nothing_set == uploaded["annotations"][0]


def test_reasons_are_those_of_the_annotator(client, uploaded, shown, photograph):
    address = f"/api/photographs/{uploaded['photograph']}/reasons"
    expected = shown[0].annotator.why(photograph)
    found = client.post(address, json={"run": 0}).json()
    assert [word["word"] for word in found["words"]] == list(expected.annotation.words)
    assert set(found["concepts"]) == set(expected.concept_maps)
    for told, reasons in zip(found["words"], expected.words, strict=True):
        values = np.array(told["map"])
        assert values.shape == reasons.map.shape
        assert values.min() == 0 <= values.max() <= 1
        assert values.argmax() == reasons.map.argmax()
        shares = {share["concept"]: share["contribution"] for share in told["shares"]}
        for share in reasons.shares[: len(shares)]:
            assert shares[share.concept] == pytest.approx(share.contribution, abs=1e-3)
    word = shown[0].annotator.model.learnt_concepts[0]
    changed = client.post(address, json={"run": 0, "probabilities": {word: 1.0}}).json()
    assert changed["text"] == caption(client, uploaded, probabilities={word: 1.0}).json()["text"]
    labels = client.post(address, json={"run": 1}).json()
    assert [each["word"] for each in labels["words"]] == uploaded["annotations"][1]["beams"][0][
        "words"
    ]


def test_runs_tell_what_can_be_done_with_them(client, shown):
    content = client.get("/api/runs").json()
    ours, logistic = content["runs"]
    assert content["limits"] == {"megabytes": 0.1, "megapixels": 0.5}
    assert ours["concepts"] == list(shown[0].annotator.model.learnt_concepts)
    assert (ours["kind"], ours["not_steerable"], ours["not_correlated"]) == ("captions", "", "")
    assert logistic["kind"] == "labels"
    assert "one by one" in logistic["not_steerable"]


def test_the_picture_is_small_upright_and_without_metadata(client):
    answer = client.post("/api/photographs", content=rotated_by_exif())
    picture = client.get(f"/api/photographs/{answer.json()['photograph']}/picture")
    assert picture.headers["content-type"] == "image/jpeg"
    with Image.open(io.BytesIO(picture.content)) as shown:
        assert shown.size == (24, 16)
        assert not shown.getexif()


@pytest.mark.parametrize(
    ("content", "status", "message"),
    [
        (b"", 422, "empty"),
        (b"once upon a time" * 9, 422, "no picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 422, "no picture"),
        (jpeg(width=240, height=160)[:900], 422, "cannot be decoded"),
        (bytes(100_001), 413, "larger than 0.1 MB"),
    ],
)
def test_what_is_no_photograph_is_refused(client, content, status, message):
    answer = client.post("/api/photographs", content=content)
    assert answer.status_code == status
    assert message in answer.json()["error"]


def test_huge_pictures_are_refused_before_they_are_decoded(client):
    file = io.BytesIO()
    Image.new("1", (1000, 501)).save(file, "PNG")
    answer = client.post("/api/photographs", content=file.getvalue())
    assert answer.status_code == 422
    assert "1000x501 pixels; at most 0.5 megapixels" in answer.json()["error"]


def test_a_stream_of_unknown_length_is_cut(client):
    taken = []

    def endless():
        for _ in range(1000):
            taken.append(1)
            yield bytes(10_000)

    answer = client.post("/api/photographs", content=endless())
    assert answer.status_code == 413


def test_only_the_latest_photographs_are_kept(client, photograph):
    names = [
        client.post("/api/photographs", content=photograph).json()["photograph"] for _ in range(3)
    ]
    assert len(set(names)) == 3
    assert client.get(f"/api/photographs/{names[0]}/picture").status_code == 200
    client.post("/api/photographs", content=photograph)
    found = [client.get(f"/api/photographs/{name}/picture").status_code for name in names]
    assert found == [200, 404, 200]  # the first was asked for last
    answer = client.post(f"/api/photographs/{names[1]}/caption", json={})
    assert answer.status_code == 404
    assert "upload it again" in answer.json()["error"]


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"run": 2}, "from 0 to 1"),
        ({"run": True}, "from 0 to 1"),
        ({"run": 0, "probabilities": {"unicorn": 1}}, "'unicorn' is none of the"),
        ({"run": 0, "probabilities": {"a": 1.5}}, "numbers from 0 to 1"),
        ({"run": 0, "probabilities": {"a": None}}, "numbers from 0 to 1"),
        ({"run": 0, "probabilities": ["a"]}, "numbers from 0 to 1"),
        ({"run": 0, "correlated": 1}, "true or false"),
        ({"run": 1, "probabilities": {"circle": 1}}, "one by one"),
        ([], "JSON object"),
    ],
)
def test_odd_wishes_are_refused(client, uploaded, wanted, message):
    answer = client.post(f"/api/photographs/{uploaded['photograph']}/caption", json=wanted)
    assert answer.status_code == 400
    assert message in answer.json()["error"]


def test_bodies_that_are_no_json_are_refused(client, uploaded):
    address = f"/api/photographs/{uploaded['photograph']}/caption"
    for content in (b"{", b"\xff", b'{"run": 0, "probabilities": {"a": NaN}}', b"[" * 90_000):
        assert client.post(address, content=content).status_code == 400
    assert client.post(address, content=b" " * 100_001).status_code == 413


def test_static_files_come_from_the_package_and_load_nothing_from_elsewhere(client):
    page = client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for path in STATIC.iterdir():
        answer = client.get(f"/static/{path.name}")
        assert answer.content == path.read_bytes()
        assert answer.headers["x-content-type-options"] == "nosniff"
        text = answer.text.replace("http://www.w3.org/2000/svg", "")
        assert "http:" not in text
        assert "https:" not in text
        assert "innerHTML" not in text


@pytest.mark.parametrize(
    "address",
    [
        "/static/../application.py",
        "/static/..%2fapplication.py",
        "/static/%2e%2e/application.py",
        "/static/..%5capplication.py",
        "/static//etc/passwd",
        "/static/%2fetc%2fpasswd",
        "/../../etc/passwd",
        "/static/",
        "/static/page.html%00",
        "/api/photographs/../../etc/passwd/picture",
        "/api/photographs/..%2f..%2fetc%2fpasswd/picture",
    ],
)
def test_nothing_else_is_served(client, address):
    answer = client.get(address)
    assert answer.status_code == 404
    assert b"root:" not in answer.content
    assert b"import" not in answer.content


def test_other_sites_and_other_names_are_refused(client, shown, photograph):
    assert client.get("/", headers={"Host": "evil.example:8000"}).status_code == 403
    assert client.get("/", headers={"Host": "127.0.0.1:8000"}).status_code == 200
    assert client.get("/", headers={"Host": "[::1]:8000"}).status_code == 200
    assert client.get("/", headers={"Host": "[::1"}).status_code == 403
    for origin in ("http://evil.example", "null", "http://localhost:9000"):
        answer = client.post("/api/photographs", content=photograph, headers={"Origin": origin})
        assert answer.status_code == 403
        assert "other sites" in answer.json()["error"]
    own = {"Origin": "http://localhost:8000"}
    assert client.post("/api/photographs", content=photograph, headers=own).status_code == 200
    anyone = TestClient(build_application(shown, hosts=()), base_url="http://machine.example")
    assert anyone.get("/").status_code == 200


def test_a_page_needs_a_run():
    with pytest.raises(ValueError, match="expected a run"):
        build_application([])


@pytest.mark.parametrize("name", ["_look", "_write", "_explain"])
def test_memory_that_runs_out_is_told_and_the_page_goes_on(shown, photograph, monkeypatch, name):
    client = TestClient(build_application(shown), base_url="http://localhost:8000")
    address = "/api/photographs"
    kept = client.post(address, content=photograph).json()["photograph"]
    asked = {
        "_look": {"url": address, "content": photograph},
        "_write": {"url": f"{address}/{kept}/caption", "json": {"probabilities": {"a": 1}}},
        "_explain": {"url": f"{address}/{kept}/reasons", "json": {}},
    }[name]

    def no_room(*_, **__):
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr("s_cnn_rnn.page.application.shown_picture", no_room)
        patch.setattr("s_cnn_rnn.explaining.kept_photograph.KeptPhotograph.annotation", no_room)
        patch.setattr("s_cnn_rnn.explaining.kept_photograph.KeptPhotograph.explanation", no_room)
        answer = client.post(**asked)
    assert answer.status_code == 503
    assert "not enough memory" in answer.json()["error"]
    assert client.post(address, content=photograph).status_code == 200


def test_heic_that_cannot_be_read_says_what_to_install(client, monkeypatch):
    def refuse(_):  # as Pillow does without the package for such files
        raise UnidentifiedImageError("cannot identify image file")

    monkeypatch.setattr("s_cnn_rnn.page.uploads.Image.open", refuse)
    answer = client.post("/api/photographs", content=b"\0\0\0\x18ftypheic" + bytes(60))
    assert answer.status_code == 422
    assert "pip install pillow-heif" in answer.json()["error"]
