"""The columns of a watch list as a file, under which names they are met, and what their words mean."""

import re
import unicodedata
from collections.abc import Mapping
from enum import StrEnum


class Column(StrEnum):
    """In the order in which a list is written; the value is the Korean title."""

    PLATE = "차량번호"
    BASIS = "법적근거"
    DOCUMENT = "문서번호"
    REASON = "사유"
    COLOUR = "색상"
    TYPE = "차종"
    UNTIL = "유효기한"
    REQUEST = "검색요청"


# The English titles, as they are written.
ENGLISH: Mapping[Column, str] = {
    Column.PLATE: "plate",
    Column.BASIS: "legal basis",
    Column.DOCUMENT: "document number",
    Column.REASON: "reason",
    Column.COLOUR: "colour",
    Column.TYPE: "type",
    Column.UNTIL: "valid until",
    Column.REQUEST: "search request",
}
# What other lists call them, without spaces and signs.
_ALIASES: Mapping[Column, str] = {
    Column.PLATE: "번호판 차번호 차량등록번호 자동차번호 자동차등록번호 수배차량 수배차량번호 numberplate platenumber "
    "licenseplate licenceplate licenseplatenumber registration registrationnumber vehicle vehiclenumber",
    Column.BASIS: "근거 법적근거코드 근거법령 근거코드 basis basiscode legalbasiscode",
    Column.DOCUMENT: "공문번호 영장번호 접수번호 document documentno docno letter warrant",
    Column.REASON: "수배사유 수배내용 등록사유 내용 why note",
    Column.COLOUR: "차량색상 색깔 차색 color",
    Column.TYPE: "차량종류 차형 차량유형 유형 vehicletype kind",
    Column.UNTIL: "유효기간 만료일 만료일자 만료일시 종료일 기한 수배기한 until validto expires expiry expirydate "
    "enddate",
    Column.REQUEST: "수색요청 수색요청번호 검색요청번호 요청번호 요청 request requestnumber requestno",
}
_ASIDE = re.compile(r"\([^)]*\)|[\s_\-\"'·./:]|\ufeff")
# Values of SearchRequest.Colour and .VehicleType, and how people say them.
COLOURS: Mapping[str, str] = {
    "white": "흰색 백색 하양 하얀색 화이트",
    "black": "검정 검정색 검은색 흑색 블랙",
    "grey": "회색 은색 쥐색 그레이 실버 gray silver greyorsilver 회색은색",
    "red": "빨강 빨간색 적색 레드",
    "blue": "파랑 파란색 청색 남색 블루 navy",
    "green": "초록 초록색 녹색 그린",
    "yellow": "노랑 노란색 황색 옐로",
    "orange": "주황 주황색 오렌지",
    "brown": "갈색 베이지 밤색 브라운 beige brownorbeige 갈색베이지 갈색베이지색",
}
TYPES: Mapping[str, str] = {
    "car": "승용차 승용 세단 sedan hatchback passengercar",
    "suv": "스포츠유틸리티",
    "van": "승합차 승합 밴 봉고 미니버스 minibus vanorminibus 승합차또는미니버스",
    "pickup": "픽업 픽업트럭 pickuptruck",
    "truck": "화물차 화물 트럭 lorry",
    "bus": "버스",
    "motorcycle": "이륜차 오토바이 motorbike bike",
}


def _plain(text: str) -> str:
    return _ASIDE.sub("", unicodedata.normalize("NFKC", text).lower())


def _by_name(names: Mapping[str, str]) -> dict[str, str]:
    return {name: value for value, words in names.items() for name in [value, *words.split()]}


_COLUMNS = {
    name: column
    for column, words in _ALIASES.items()
    for name in [_plain(column.value), _plain(ENGLISH[column]), *words.split()]
}
_COLOURS, _TYPES = _by_name(COLOURS), _by_name(TYPES)


def column_of(title: str) -> Column | None:
    """Return the column that a header's cell names, if any: remarks in brackets, spaces and case do not matter."""
    return _COLUMNS.get(_plain(title))


def colour_of(text: str) -> str | None:
    return _COLOURS.get(_plain(text))


def type_of(text: str) -> str | None:
    return _TYPES.get(_plain(text))
