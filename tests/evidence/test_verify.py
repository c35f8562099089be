"""The verifier finds every change, says where it is, and believes nothing that it reads."""

import io
import json
import random
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from investigations.evidence import keys, verify
from investigations.evidence.archive import measure_all, write_archive
from tests.evidence.conftest import FACTS, KEY, small_files, write_small

FINGERPRINT = keys.fingerprint(KEY)
SOURCE = Path(verify.__file__)


def check(data: bytes, key: str = "") -> verify.Result:
    return verify.verify(io.BytesIO(data), key=key.replace(" ", ""))


def codes(data: bytes) -> list[str]:
    return [problem.code for problem in check(data).problems]


def build(manifest: bytes, files: list[tuple[str, bytes]], key: Ed25519PrivateKey = KEY) -> bytes:
    """A container in canonical form around whatever manifest, rightly signed."""
    signature = key.sign(manifest).hex().encode() + b"\n"
    entries, parts = [], []
    for name, data in [(verify.MANIFEST_NAME, manifest), (verify.SIGNATURE_NAME, signature), *files]:
        entries.append(verify.Entry(name, len(data), zlib.crc32(data)))
        parts.append(verify.local_header(entries[-1]) + data)
    return b"".join(parts) + verify.directory(entries)


def manifest_of(package: Path) -> dict[str, Any]:
    with zipfile.ZipFile(package) as opened:
        manifest: dict[str, Any] = json.loads(opened.read(verify.MANIFEST_NAME))
    return manifest


# ── What is as it was signed ────────────────────────────────────────────────────────────────────────────────────────


def test_an_intact_package_is_intact(package: Path) -> None:
    result = check(package.read_bytes(), FINGERPRINT)
    assert result.is_intact
    assert result.fingerprint == FINGERPRINT
    assert result.manifest is not None
    assert result.manifest["audit"] == {"sequence": 4711, "hash": "ab" * 32}


def test_a_package_of_no_files_and_one_of_a_large_file_are_intact(tmp_path: Path) -> None:
    assert check(write_small(tmp_path / "a.zip", {}).read_bytes()).is_intact
    large = {"clip.mp4": bytes(5 * verify.CHUNK_BYTES + 1)}
    assert check(write_small(tmp_path / "b.zip", large).read_bytes()).is_intact


def test_a_large_package_is_read_with_little_memory(tmp_path: Path) -> None:
    class Counting(io.BytesIO):
        most = 0

        def read(self, size: int | None = -1, /) -> bytes:
            assert size is not None
            Counting.most = max(Counting.most, size)
            return super().read(size)

    data = write_small(tmp_path / "a.zip", {"clip.mp4": bytes(9 * verify.CHUNK_BYTES)}).read_bytes()
    assert verify.verify(Counting(data)).is_intact
    assert Counting.most <= verify.CHUNK_BYTES


# ── What is not ─────────────────────────────────────────────────────────────────────────────────────────────────────


def spans(data: bytes) -> dict[str, range]:
    """Where the contents of each file lie."""
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        return {
            entry.filename: range(
                start := entry.header_offset + 30 + len(entry.filename.encode()), start + entry.file_size
            )
            for entry in opened.infolist()
        }


def test_every_byte_counts(package: Path) -> None:
    """Each position once, with another value: found, and said to be where it is."""
    data, chance = package.read_bytes(), random.Random(7)
    places = spans(data)
    missed, misplaced = [], []
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= chance.randrange(1, 256)
        problems = check(bytes(changed)).problems
        if not problems:
            missed.append(at)
            continue
        first = problems[0]
        file = next((name for name, span in places.items() if at in span), None)
        if file in {verify.MANIFEST_NAME, verify.SIGNATURE_NAME}:
            is_right = first.name in {verify.MANIFEST_NAME, verify.SIGNATURE_NAME}
        elif file is not None:
            is_right = first.name == file and first.at <= at <= first.end
        else:
            is_right = first.at == at or (first.code == "header" and 0 <= at - first.at < 8)
        if not is_right:
            misplaced.append((at, first))
    assert missed == []
    assert misplaced == []


def test_a_thousand_random_changes_are_found(package: Path) -> None:
    data, chance = package.read_bytes(), random.Random(2026)
    for _ in range(1000):
        changed = bytearray(data)
        at = chance.randrange(len(data))
        changed[at] ^= chance.randrange(1, 256)
        assert not check(bytes(changed), FINGERPRINT).is_intact, at


def test_every_truncation_is_found(package: Path) -> None:
    data = package.read_bytes()
    lengths = [*range(0, 200), *range(200, len(data), 37), *range(len(data) - 30, len(data))]
    for length in lengths:
        result = check(data[:length])
        assert not result.is_intact
        assert result.problems[-1].code == ("truncated" if length else "empty"), length


@pytest.mark.parametrize("tail", [b"\0", b"PK\5\6" + bytes(18), bytes(3_000_000)], ids=["one", "an end", "much"])
def test_appended_bytes_are_found(package: Path, tail: bytes) -> None:
    data = package.read_bytes()
    (problem,) = check(data + tail).problems
    assert (problem.code, problem.at, problem.note) == ("appended", len(data), str(len(tail)))


def test_a_prefix_is_found(package: Path) -> None:
    assert codes(b"MZ" + package.read_bytes()) == ["not_a_package"]


def test_a_byte_put_in_or_taken_out_is_found_where_it_is(package: Path) -> None:
    data = package.read_bytes()
    at = spans(data)["clips/호수공원 1.mp4"].start + 100
    for changed in (data[:at] + b"x" + data[at:], data[:at] + data[at + 1 :]):
        assert check(changed).problems[0].name == "clips/호수공원 1.mp4"


def test_an_empty_file_garbage_and_other_zips_are_no_packages(tmp_path: Path) -> None:
    assert codes(b"") == ["empty"]
    assert codes(random.Random(1).randbytes(5000)) == ["not_a_package"]
    assert codes(b"PK") == ["truncated"]
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as zipped:
        zipped.writestr("manifest.json", "{}")
    assert codes(other.getvalue()) == ["not_a_package"]


def test_a_package_that_was_unpacked_and_packed_again_is_not_it(package: Path) -> None:
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        again = io.BytesIO()
        with zipfile.ZipFile(package) as old, zipfile.ZipFile(again, "w", method) as new:
            for name in old.namelist():
                new.writestr(name, old.read(name))
        assert codes(again.getvalue()) == ["not_a_package"]


def _entries(data: bytes) -> list[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        return [(name, opened.read(name)) for name in opened.namelist()]


def _container(entries: list[tuple[str, bytes]]) -> bytes:
    rows = [verify.Entry(name, len(data), zlib.crc32(data)) for name, data in entries]
    bodies = (verify.local_header(row) + data for row, (_name, data) in zip(rows, entries, strict=True))
    return b"".join(bodies) + verify.directory(rows)


def _swap(entries: list[tuple[str, bytes]]) -> None:
    entries[2], entries[3] = entries[3], entries[2]


def _drop(entries: list[tuple[str, bytes]]) -> None:
    del entries[3]


def _double(entries: list[tuple[str, bytes]]) -> None:
    entries.insert(3, entries[2])


def _add(entries: list[tuple[str, bytes]]) -> None:
    entries.append(("zzz.exe", b"MZ"))


def _exchange_contents(entries: list[tuple[str, bytes]]) -> None:
    one, (name, _other) = entries[2][1], entries[3]
    entries[3] = (name, one)


def _rename(entries: list[tuple[str, bytes]]) -> None:
    entries[2] = ("clips/zmpty.mp4", entries[2][1])


@pytest.mark.parametrize("change", [_swap, _drop, _double, _add, _exchange_contents, _rename])
def test_entries_swapped_dropped_doubled_added_or_renamed_are_found(
    package: Path, change: Callable[[list[tuple[str, bytes]]], None]
) -> None:
    entries = _entries(package.read_bytes())
    change(entries)
    assert not check(_container(entries)).is_intact


def test_a_missing_file_is_named(package: Path) -> None:
    entries = _entries(package.read_bytes())
    name = entries.pop(3)[0]
    (problem,) = check(_container(entries)).problems
    assert (problem.code, problem.name) == ("other_file", name)
    assert problem.note.startswith("pictures/001.jpg (")


def test_another_directory_over_the_same_files_is_found(package: Path) -> None:
    """Readers of zip go by the directory: one that leaves a file out or points elsewhere must not pass."""
    data = package.read_bytes()
    start = data.index(b"PK\1\2")
    rows = [verify.Entry(name, len(body), zlib.crc32(body)) for name, body in _entries(data)]
    assert "directory" in codes(data[:start] + verify.directory(rows[:-1]))
    assert codes(data[:start] + verify.directory([*rows[:-1], verify.Entry("evil", 1, 0)]))[0] == "directory"


# ── Signed, and wrong all the same ──────────────────────────────────────────────────────────────────────────────────


def test_somebody_elses_signature_shows_another_fingerprint(tmp_path: Path) -> None:
    forger = Ed25519PrivateKey.generate()
    write_archive(tmp_path / "a.zip", measure_all(small_files()), facts=FACTS, key=forger)
    data = (tmp_path / "a.zip").read_bytes()
    assert check(data).is_intact
    assert check(data).fingerprint == keys.fingerprint(forger) != FINGERPRINT
    assert [problem.code for problem in check(data, FINGERPRINT).problems] == ["key"]


def test_a_public_key_put_in_by_somebody_else_does_not_fit_the_signature(package: Path) -> None:
    manifest = manifest_of(package)
    other = keys.public_bytes(Ed25519PrivateKey.generate()).hex()
    data = verify.canonical_json(manifest | {"public_key": other})
    files = [entry for entry in _entries(package.read_bytes()) if not entry[0].startswith("manifest.")]
    assert codes(build(data, files)) == ["signature"]


def _with_file(**values: Any) -> Callable[[dict[str, Any]], None]:
    def change(manifest: dict[str, Any]) -> None:
        manifest["files"] = [{"name": "a", "bytes": 0, "sha256": "0" * 64} | values]

    return change


def _with_files(*names: str) -> Callable[[dict[str, Any]], None]:
    def change(manifest: dict[str, Any]) -> None:
        manifest["files"] = [{"name": name, "bytes": 0, "sha256": "0" * 64} for name in names]

    return change


@pytest.mark.parametrize(
    "change",
    [
        _with_file(name="../../etc/passwd"),
        _with_file(name="/a"),
        _with_file(name="a\\..\\b"),
        _with_file(name="a\u0000b"),
        _with_file(name="manifest.json"),
        _with_file(name=7),
        _with_file(bytes=-1),
        _with_file(bytes=True),
        _with_file(bytes=2**60),
        _with_file(sha256="0" * 63),
        _with_file(sha256="A" * 64),
        _with_file(extra=1),
        _with_files("b", "a"),
        _with_files("a", "a"),
        _with_files("A", "a"),
        _with_files("a", "a/b"),
        lambda manifest: manifest.update(format="dongseon-evidence/2"),
        lambda manifest: manifest.update(public_key="zz"),
        lambda manifest: manifest.update(answer="1"),
        lambda manifest: manifest.update(audit=[]),
        lambda manifest: manifest.update(files={}),
        lambda manifest: manifest.update(files=[[]]),
        lambda manifest: manifest.update(more=1),
        lambda manifest: manifest.pop("made_by"),
    ],
)
def test_a_manifest_that_is_signed_but_not_sound_is_refused(
    package: Path, change: Callable[[dict[str, Any]], None]
) -> None:
    manifest = manifest_of(package)
    change(manifest)
    (problem,) = check(build(verify.canonical_json(manifest), [])).problems
    assert problem.code == "manifest"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 200_000,
        b'{"a":' * 200_000,
        b"1" * 200_000,
        b'{"format":1e999}',
        b'{"format":NaN}',
        b'"\\ud800"',
    ],
    ids=["empty", "list", "null", "bytes", "deep lists", "deep objects", "digits", "float", "nan", "surrogate"],
)
def test_what_is_no_manifest_is_refused_quickly(data: bytes) -> None:
    assert codes(build(data, [])) == ["manifest"]


def test_a_manifest_not_in_canonical_form_is_refused(package: Path) -> None:
    manifest = manifest_of(package)
    canonical = verify.canonical_json(manifest)
    for data in (
        json.dumps(manifest).encode() + b"\n",
        canonical[:-1],
        canonical + b" ",
        b"\xef\xbb\xbf" + canonical,
        canonical.replace(b'{"answer":1,', b'{"answer":1,"answer":1,'),
        canonical.replace(b'"format"', b'"\\u0066ormat"'),
        canonical.decode().encode("utf-16"),
    ):
        assert data != canonical
        assert codes(build(data, [])) == ["manifest"], data[:40]


def test_sizes_that_lie_do_not_fill_the_memory(package: Path) -> None:
    """A header may claim any size, and a manifest any number of bytes: what is not there is not waited for."""
    huge = bytearray(package.read_bytes())
    huge[18:26] = (0xFFFFFFF0).to_bytes(4, "little") * 2
    assert codes(bytes(huge)) == ["header"]
    manifest = manifest_of(package)
    manifest["files"] = [{"name": "bomb", "bytes": 2**50, "sha256": "0" * 64}]
    body = verify.local_header(verify.Entry("bomb", 2**50, 0)) + b"short"
    data = build(verify.canonical_json(manifest), [])
    assert codes(data[: data.index(b"PK\1\2")] + body) == ["truncated"]


def test_a_package_of_which_nothing_fits_is_told_in_a_few_lines(tmp_path: Path) -> None:
    data = write_small(tmp_path / "a.zip", {f"{at:03}": b"x" * 9 for at in range(100)}).read_bytes()
    problems = check(data.replace(b"xxxxxxxxx", b"yyyyyyyyy")).problems
    assert len(problems) == verify.MOST_PROBLEMS + 1
    assert problems[-1].code == "more"


# ── The signature ───────────────────────────────────────────────────────────────────────────────────────────────────

# RFC 8032, section 7.1: TEST 1, 2, 3 and SHA(abc).
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
    ),
]
BOTH = [verify.is_signed_by, verify.is_signed_by_plainly]


@pytest.mark.parametrize("is_signed", BOTH, ids=["cryptography", "plain"])
@pytest.mark.parametrize(("key", "message", "signature"), VECTORS)
def test_the_vectors_of_the_rfc_hold(is_signed: Any, key: str, message: str, signature: str) -> None:
    values = [bytes.fromhex(text) for text in (key, message, signature)]
    assert is_signed(*values)
    assert not is_signed(values[0], values[1] + b"x", values[2])
    assert not is_signed(values[0], values[1], values[2][:-1] + bytes([values[2][-1] ^ 1]))


def test_the_plain_check_agrees_with_cryptography_on_right_and_wrong_signatures() -> None:
    chance = random.Random(3)
    for _ in range(25):
        key = Ed25519PrivateKey.from_private_bytes(chance.randbytes(32))
        message = chance.randbytes(chance.randrange(200))
        signature = bytearray(key.sign(message))
        assert verify.is_signed_by_plainly(keys.public_bytes(key), message, bytes(signature))
        signature[chance.randrange(64)] ^= 1 << chance.randrange(8)
        assert not verify.is_signed_by_plainly(keys.public_bytes(key), message, bytes(signature))
        assert not verify.is_signed_by(keys.public_bytes(key), message, bytes(signature))


@pytest.mark.parametrize("is_signed", BOTH, ids=["cryptography", "plain"])
def test_a_signature_written_in_a_second_way_is_refused(is_signed: Any) -> None:
    """s + L would solve the same equation; RFC 8032 wants it refused, or signatures could be changed."""
    signature = KEY.sign(b"message")
    s = int.from_bytes(signature[32:], "little") + verify.ORDER
    other = signature[:32] + s.to_bytes(32, "little")
    assert not is_signed(keys.public_bytes(KEY), b"message", other)


@pytest.mark.parametrize("is_signed", BOTH, ids=["cryptography", "plain"])
@pytest.mark.parametrize("key", [b"", bytes(31), b"\xff" * 32, b"\x02" + bytes(31)])
def test_what_is_no_key_signs_nothing(is_signed: Any, key: bytes) -> None:
    assert not is_signed(key, b"message", KEY.sign(b"message"))
