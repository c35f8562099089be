import os
from pathlib import Path

import pytest

from inference.core.errors import ImageError
from inference.core.picture_files import picture_files


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("a/2.jpg", "a/1.PNG", "a/deep/er/1.PNG", "a/notes.txt", "b/1.PNG", "c/a/1.PNG", "empty/notes.txt"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()
    return tmp_path


def names(*sources: str) -> list[str]:
    return [file.name for file in picture_files([Path(source) for source in sources])]


@pytest.mark.usefixtures("here")
def test_a_folder_is_walked_and_its_pictures_are_named_by_their_path_in_it() -> None:
    assert names("a") == ["1.PNG", "2.jpg", "deep/er/1.PNG"]
    assert names("b/1.PNG") == ["1.PNG"]


@pytest.mark.usefixtures("here")
def test_pictures_of_one_name_are_told_apart_by_their_paths() -> None:
    assert names("a", "b") == ["a/1.PNG", "2.jpg", "deep/er/1.PNG", "b/1.PNG"]
    # A path that is given for a name is not another's name either.
    assert names("a", "b", "c") == ["a/1.PNG", "2.jpg", "deep/er/1.PNG", "b/1.PNG", "c/a/1.PNG"]


def test_a_picture_named_twice_is_taken_once(here: Path) -> None:
    assert names("a/2.jpg", "a", str(here / "a")) == ["2.jpg", "1.PNG", "deep/er/1.PNG"]


@pytest.mark.usefixtures("here")
def test_links_are_pictures_of_their_own() -> None:
    Path("b/2.jpg").symlink_to(Path("1.PNG"))
    assert names("b") == ["1.PNG", "2.jpg"]


@pytest.mark.usefixtures("here")
def test_linked_folders_are_walked_once_and_never_in_a_circle() -> None:
    Path("a/album").symlink_to(Path("../b"), target_is_directory=True)
    Path("b/back").symlink_to(Path("../a"), target_is_directory=True)
    assert names("a") == ["1.PNG", "2.jpg", "album/1.PNG", "deep/er/1.PNG"]
    Path("a/also").symlink_to(Path("../b"), target_is_directory=True)
    Path("a/a first").symlink_to(Path("deep"), target_is_directory=True)
    assert names("a") == ["1.PNG", "2.jpg", "album/1.PNG", "deep/er/1.PNG"]


@pytest.mark.usefixtures("here")
def test_a_link_to_where_it_lies_leads_to_nothing_around_it() -> None:
    Path("a/deep/up").symlink_to(Path("../.."), target_is_directory=True)
    Path("a/itself").symlink_to(Path("itself"))
    assert names("a") == ["1.PNG", "2.jpg", "deep/er/1.PNG"]


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("sources", "said"),
    [(("a", "nowhere"), "There is no file or folder nowhere."), (("empty",), "There are no pictures in empty.")],
)
def test_what_gives_no_pictures_is_refused(sources: tuple[str, ...], said: str) -> None:
    with pytest.raises(ImageError, match=said):
        names(*sources)


@pytest.mark.usefixtures("here")
def test_names_that_are_no_text_can_be_written_and_stay_apart() -> None:
    for folder in ("b", "c"):
        Path(os.fsdecode(os.fsencode(folder) + "/차.jpg".encode("cp949"))).touch()
    assert all(file.path.exists() for file in picture_files([Path("b")]))
    assert names("b", "c") == ["1.PNG", r"b/\xc2\xf7.jpg", "a/1.PNG", r"c/\xc2\xf7.jpg"]
    Path(r"b/\xc2\xf7.jpg").touch()
    assert names("b") == ["1.PNG", r"\\xc2\\xf7.jpg", r"\xc2\xf7.jpg"]
