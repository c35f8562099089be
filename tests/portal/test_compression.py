"""What goes out compressed: scripts and texts, and no page that mixes secrets with what people typed."""

import gzip

from django.test import Client

ASKING = {"Accept-Encoding": "gzip"}


def test_a_script_goes_out_compressed_and_whole(client: Client) -> None:
    plain = b"".join(client.get("/static/dongseon/js/dom.js"))
    packed = client.get("/static/dongseon/js/dom.js", headers=ASKING)
    assert packed["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed["Vary"]
    content = b"".join(packed)
    assert len(content) < len(plain)
    assert gzip.decompress(content) == plain


def test_the_texts_of_the_scripts_go_out_compressed(client: Client, db: None) -> None:
    assert client.get("/jsi18n/", headers=ASKING)["Content-Encoding"] == "gzip"


def test_a_page_goes_out_as_it_is(client: Client, db: None) -> None:
    assert "Content-Encoding" not in client.get("/login/", headers=ASKING)
