"""Lists of cameras for the tests: rows by the standard's names."""

from typing import Any

from cameras.standard_list.columns import Column

ROW: dict[Column, Any] = {
    Column.AGENCY_CODE: "5690000",
    Column.NUMBER: "SJ-1",
    Column.AGENCY: "세종특별자치시청",
    Column.ROAD_ADDRESS: "세종특별자치시 한누리대로 2130",
    Column.LOT_ADDRESS: "세종특별자치시 보람동 721",
    Column.PURPOSE: "생활방범",
    Column.COUNT: "2",
    Column.PIXELS: "200",
    Column.DIRECTION: "북·남",
    Column.RETENTION: "30",
    Column.INSTALLED: "2015-03",
    Column.PHONE: "044-300-1234",
    Column.LATITUDE: "36.480132",
    Column.LONGITUDE: "127.289021",
    Column.AS_OF: "2026-01-01",
}
OLD_TITLES = {Column.LATITUDE: "위도", Column.LONGITUDE: "경도", Column.INSTALLED: "설치년월"}
OLD_COLUMNS = [
    *(Column.AGENCY, Column.ROAD_ADDRESS, Column.LOT_ADDRESS, Column.PURPOSE, Column.COUNT, Column.PIXELS),
    *(Column.DIRECTION, Column.RETENTION, Column.INSTALLED, Column.PHONE, Column.LATITUDE, Column.LONGITUDE),
    Column.AS_OF,
]


def row(**values: Any) -> dict[Column, Any]:
    """A good row, with these values instead; the keywords are the names of `Column` in small letters."""
    return ROW | {Column[name.upper()]: value for name, value in values.items()}


def write(
    rows: list[dict[Column, Any]],
    *,
    columns: list[Column] | None = None,
    separator: str = ",",
    titles: dict[Column, str] | None = None,
) -> str:
    names = columns or list(Column)
    lines = [[(titles or {}).get(column, column.value) for column in names]]
    lines += [[str(values.get(column, "")) for column in names] for values in rows]
    return "\r\n".join(separator.join(_cell(cell, separator) for cell in line) for line in lines) + "\r\n"


def _cell(text: str, separator: str) -> str:
    needs_quotes = any(sign in text for sign in (separator, '"', "\n"))
    return '"' + text.replace('"', '""') + '"' if needs_quotes else text


def city(count: int) -> list[dict[Column, Any]]:
    """Rows of `count` poles, none like another, with 1 to 4 cameras."""
    winds = ["동", "동·서", "북·동·남", "동서남북"]
    return [
        row(
            number=f"SJ-{number:05d}",
            road_address=f"세종특별자치시 한누리대로 {number}",
            count=1 + number % 4,
            direction=winds[number % 4],
            purpose=["생활방범", "어린이보호", "교통단속"][number % 3],
            latitude=f"{36.45 + (number % 150) / 1500:.6f}",
            longitude=f"{127.2 + (number // 150) / 1500:.6f}",
        )
        for number in range(count)
    ]
