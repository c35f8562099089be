"""A whole package, made and verified as a court would."""

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from pypdf import PdfReader

from inference.core.errors import ModelError
from investigations.evidence import fonts as font_module
from investigations.evidence import keys, verify
from investigations.evidence.archive import ArchiveError
from investigations.evidence.fonts import font_folder
from investigations.evidence.package import make_package
from tests.evidence.conftest import KEY, make_content, make_item, make_path


def test_a_whole_package_is_made_verified_and_says_the_same_everywhere(tmp_path: Path, fonts: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(bytes(100_000))
    path = tmp_path / "package.zip"
    written = make_package(path, make_content(3), {"clips/001.mp4": clip}, key=KEY, fonts=fonts)

    with zipfile.ZipFile(path) as opened:
        assert opened.namelist() == [
            "manifest.json",
            "manifest.sig",
            "README.txt",
            "clips/001.mp4",
            "path.geojson",
            "path.gpx",
            "path.kml",
            "pictures/001.jpg",
            "pictures/002.jpg",
            "pictures/003.jpg",
            "report-en.pdf",
            "report-ko.pdf",
            "verify.html",
            "verify.py",
        ]
        (tmp_path / "verify.py").write_bytes(opened.read("verify.py"))
        report = "".join(page.extract_text() for page in PdfReader(io.BytesIO(opened.read("report-en.pdf"))).pages)
    for file in written.files:
        assert file.name.startswith("report-") or (file.name in report and file.sha256 in report), file.name
    assert written.fingerprint == keys.fingerprint(KEY)
    assert written.fingerprint.replace(" ", "") in report.replace(" ", "").replace("\n", "")

    command = [sys.executable, "-I", "-S", "-X", "utf8", str(tmp_path / "verify.py"), str(path), "--key"]
    done = subprocess.run(
        [*command, written.fingerprint], capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stdout
    assert "INTACT: 12 files" in done.stdout
    assert "요청 (request): 2026-0142-1" in done.stdout


def test_a_package_that_found_nobody_has_no_path_and_no_pictures(tmp_path: Path, fonts: Path) -> None:
    written = make_package(tmp_path / "a.zip", make_content(0), {}, key=KEY, fonts=fonts)
    names = {file.name for file in written.files}
    assert names == {"README.txt", "report-en.pdf", "report-ko.pdf", "verify.html", "verify.py"}
    assert verify.verify_file(tmp_path / "a.zip").is_intact


def test_a_destroyed_picture_is_left_out(tmp_path: Path, fonts: Path) -> None:
    items = tuple(make_item(point, picture=None) for point in make_path(1))
    written = make_package(tmp_path / "a.zip", make_content(items=items), {}, key=KEY, fonts=fonts)
    assert not any(file.name.startswith("pictures/") for file in written.files)


def test_the_packages_own_files_cannot_be_replaced(tmp_path: Path, fonts: Path) -> None:
    with pytest.raises(ArchiveError, match=r"overwrite each other: verify\.py"):
        make_package(tmp_path / "a.zip", make_content(1), {"verify.py": b"print('fine')"}, key=KEY, fonts=fonts)


def test_the_font_is_taken_from_a_mirror_and_another_file_is_refused(tmp_path: Path, fonts: Path) -> None:
    assert font_folder(tmp_path / "cache", fonts).joinpath("NanumGothic.ttf").is_file()
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    for name in (font_module.REGULAR, font_module.BOLD):
        (mirror / f"{name}.ttf").write_bytes(b"another font")
    with pytest.raises(ModelError, match=r"NanumGothic\.ttf is refused"):
        font_folder(tmp_path / "other", mirror)
