"""The verifier of evidence packages, by itself: nobody should check a package with a program that came in it."""

from pathlib import Path

from django.http import FileResponse, Http404, HttpRequest
from django.views.decorators.http import require_GET

from investigations.evidence import verify

FOLDER = Path(verify.__file__).parent
FILES = {"verify.html": "text/html", "verify.py": "text/x-python"}


@require_GET
def verifier(request: HttpRequest, name: str) -> FileResponse:
    """Hand out a file of the verifier as a download: opened here, the page's own script would be refused."""
    if name not in FILES:
        raise Http404
    return FileResponse((FOLDER / name).open("rb"), as_attachment=True, filename=name, content_type=FILES[name])
