"""What the map is drawn on. Nothing here names a person, so browsers may keep it."""

from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse

from cameras import basemap

TILE_TIMEOUT_S = 5.0
VWORLD_TILES = "https://api.vworld.kr/req/wmts/1.0.0/{key}/Base/{z}/{y}/{x}.png"
KEEP_A_DAY = "private, max-age=86400"


def boundaries(request: HttpRequest) -> HttpResponse:
    """Administrative boundaries within ?bounds=west,south,east,north, of ?level=sido|sigungu|emd|ri."""
    level = request.GET.get("level", "sido")
    try:
        west, south, east, north = (float(edge) for edge in request.GET["bounds"].split(","))
    except (KeyError, ValueError):
        return JsonResponse({"detail": "bounds=west,south,east,north in degrees is needed."}, status=400)
    if level not in basemap.LEVELS:
        return JsonResponse({"detail": f"level is one of {', '.join(basemap.LEVELS)}."}, status=400)
    response = JsonResponse(basemap.boundaries(level, (west, south, east, north)))
    response["Cache-Control"] = KEEP_A_DAY
    return response


def has_tiles() -> bool:
    return bool(settings.MAP_MBTILES or settings.MAP_TILES_URL or settings.VWORLD_KEY)


def tile(request: HttpRequest, z: int, x: int, y: int) -> HttpResponse:
    """Pass a tile on from the named source, so that its key stays here and browsers meet no other host."""
    if not has_tiles():
        raise Http404
    if settings.MAP_MBTILES:
        return _tile_of_file(z, x, y)
    template = settings.MAP_TILES_URL or VWORLD_TILES
    source = template.format(key=settings.VWORLD_KEY, z=z, x=x, y=y)
    try:
        # The address is the administrator's setting, not the visitor's.
        with urlopen(Request(source), timeout=TILE_TIMEOUT_S) as answer:  # noqa: S310
            response = HttpResponse(answer.read(), content_type=answer.headers.get_content_type())
    except (URLError, TimeoutError):
        return HttpResponse(status=502)
    response["Cache-Control"] = KEEP_A_DAY
    return response


def _tile_of_file(z: int, x: int, y: int) -> HttpResponse:
    picture = basemap.mbtile(Path(settings.MAP_MBTILES), z, x, y)
    if picture is None:
        return HttpResponse(status=204)
    content_type = "image/png" if picture.startswith(b"\x89PNG") else "image/jpeg"
    return HttpResponse(picture, content_type=content_type, headers={"Cache-Control": KEEP_A_DAY})
