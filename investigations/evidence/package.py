"""Makes a whole package from its contents: reports in both languages, pictures, the path's files, the verifier."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from investigations.evidence import geo, keys, verify
from investigations.evidence.archive import Facts, Source, Written, measure_all, write_archive
from investigations.evidence.content import Content
from investigations.evidence.report import LANGUAGES, make_report

HERE = Path(__file__).parent
OWN_FILES = ("README.txt", "verify.html", "verify.py")


def make_package(
    path: Path, content: Content, files: Mapping[str, Source], *, key: Ed25519PrivateKey, fonts: Path
) -> Written:
    """Write the package of an answer to `path`, whole or not at all.

    Args:
        path: Where to; replaced if it is there.
        content: What the report says. Its `files` and `fingerprint` are filled in here.
        files: Further files by their names in the package, such as `clips/001.mp4`.
        key: Signs it.
        fonts: The folder with the report's font.

    Raises:
        ArchiveError: A name is not allowed or used twice, a file cannot be read, or the disk is full.
    """
    groups = (_own_files(), _path_files(content), _pictures(content), files)
    parts = [part for group in groups for part in measure_all(group)]
    listed = tuple(sorted((part.file for part in parts), key=lambda file: verify.sort_key(file.name)))
    complete = replace(content, files=listed, fingerprint=keys.fingerprint(key))
    reports = {
        f"report-{language}.pdf": make_report(complete, language=language, fonts=fonts) for language in LANGUAGES
    }
    return write_archive(path, [*parts, *measure_all(reports)], facts=_facts(content), key=key)


def _own_files() -> dict[str, Source]:
    return {name: HERE / name for name in OWN_FILES}


def _path_files(content: Content) -> dict[str, Source]:
    if not content.items:
        return {}
    name = f"{content.case_number} {content.request_number}"
    return {
        "path.geojson": geo.to_geojson(content.path, name=name),
        "path.gpx": geo.to_gpx(content.path, name=name, made_at=content.made_at),
        "path.kml": geo.to_kml(content.path, name=name),
    }


def _pictures(content: Content) -> dict[str, Source]:
    return {f"pictures/{item.point.number:03}.jpg": item.picture for item in content.items if item.picture is not None}


def _facts(content: Content) -> Facts:
    return Facts(
        package=content.package_id,
        request=content.request_number,
        answer=content.answer_number,
        made_at=content.made_at,
        made_by=f"{content.made_by.name} ({content.made_by.agency})",
        audit=content.audit,
    )
