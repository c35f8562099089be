"""The verifier's command, as a court runs it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from investigations.evidence import keys, verify
from tests.evidence.conftest import KEY
from tests.evidence.test_verify import build, manifest_of, spans

FINGERPRINT = keys.fingerprint(KEY)
SOURCE = Path(verify.__file__)


def run(*arguments: str, bare: bool = False) -> subprocess.CompletedProcess[str]:
    """Run the file alone; `bare` without site-packages, so without cryptography."""
    flags = ["-I", "-S"] if bare else []
    command = [sys.executable, *flags, "-X", "utf8", str(SOURCE), *arguments]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False, timeout=60)


@pytest.mark.parametrize("bare", [False, True], ids=["with cryptography", "without"])
def test_the_command_says_intact_in_both_languages_and_asks_for_the_fingerprint(package: Path, bare: bool) -> None:
    done = run(str(package), bare=bare)
    assert (done.returncode, done.stderr) == (0, "")
    assert "이상 없음" in done.stdout
    assert "INTACT: 4 files" in done.stdout
    assert "회신 공문에 적힌 지문과 대조" in done.stdout
    assert "Compare this fingerprint with the one in the answer letter" in done.stdout
    assert FINGERPRINT[:39] in done.stdout


def test_the_fingerprint_may_be_typed_in_any_way(package: Path) -> None:
    for words in (FINGERPRINT.split(), [FINGERPRINT], [FINGERPRINT.replace(" ", "").upper()]):
        done = run(str(package), "--key", *words)
        assert done.returncode == 0
        assert "지문이 주어진 것과 같습니다" in done.stdout
    wrong = run(str(package), "--key", "00" * 32)
    assert wrong.returncode == 1
    assert "다른 열쇠로 서명되었습니다" in wrong.stdout
    short = run(str(package), "--key", FINGERPRINT[:19])
    assert short.returncode == 1
    assert "64" in short.stderr


@pytest.mark.parametrize("bare", [False, True], ids=["with cryptography", "without"])
def test_the_command_says_which_file_is_wrong_and_where(package: Path, bare: bool) -> None:
    data = bytearray(package.read_bytes())
    span = spans(bytes(data))["pictures/001.jpg"]
    data[span.start + 5] ^= 1
    package.write_bytes(data)
    done = run(str(package), bare=bare)
    assert done.returncode == 1
    assert f"pictures/001.jpg: 내용이 서명된 것과 다릅니다(바이트 {span.start}–{span.stop - 1} 사이)." in done.stdout
    assert f"within bytes {span.start}–{span.stop - 1}" in done.stdout
    assert "INTACT: " not in done.stdout.replace("NOT INTACT: ", "")


def test_a_changed_signature_is_found_without_cryptography(package: Path) -> None:
    data = bytearray(package.read_bytes())
    at = spans(bytes(data))["manifest.sig"].start
    data[at] = ord("0") if data[at] != ord("0") else ord("1")
    package.write_bytes(data)
    assert "The signature does not fit the manifest" in run(str(package), bare=True).stdout


def test_no_file_a_folder_and_an_empty_file_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "empty.zip").write_bytes(b"")
    for path, sentence in (
        (tmp_path / "none.zip", "There is no such file"),
        (tmp_path, "cannot be read"),
        (tmp_path / "empty.zip", "0 bytes"),
    ):
        done = run(str(path))
        assert (done.returncode, done.stderr) == (1, "")
        assert sentence in done.stdout


def test_names_in_a_hostile_package_cannot_play_with_the_terminal(package: Path) -> None:
    manifest = manifest_of(package) | {"made_by": "\x1b[2Jnobody\u202e"}
    manifest["files"] = [{"name": "\x1b[31ma", "bytes": 0, "sha256": "0" * 64}]
    package.write_bytes(build(verify.canonical_json(manifest), []))
    printed = run(str(package)).stdout
    assert "\x1b" not in printed
    assert "\\u{1b}[31ma" in printed


def test_the_verifier_is_one_file_for_python_3_9_that_needs_nothing() -> None:
    tree = ast.parse(SOURCE.read_text(encoding="utf-8"), feature_version=(3, 9))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    outside = {name for name in imported if name.split(".")[0] not in sys.stdlib_module_names}
    assert {name.split(".")[0] for name in outside} == {"cryptography"}
