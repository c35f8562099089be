"""The columns of the standard, and under which names they are met."""

import re
import unicodedata
from enum import StrEnum


class Column(StrEnum):
    """The columns in the standard's order; the value is the standard's own name."""

    AGENCY_CODE = "개방자치단체코드"
    NUMBER = "관리번호"
    AGENCY = "관리기관명"
    ROAD_ADDRESS = "소재지도로명주소"
    LOT_ADDRESS = "소재지지번주소"
    PURPOSE = "설치목적구분"
    COUNT = "카메라대수"
    PIXELS = "카메라화소수"
    DIRECTION = "촬영방면정보"
    RETENTION = "보관일수"
    INSTALLED = "설치연월"
    PHONE = "관리기관전화번호"
    LATITUDE = "WGS84위도"
    LONGITUDE = "WGS84경도"
    AS_OF = "데이터기준일자"
    CHANGE_KIND = "데이터갱신구분"
    CHANGED_AT = "데이터갱신시점"
    LAST_CHANGED = "최종수정시점"


# What older files and other publishers call them.
_ALIASES = {
    Column.AGENCY_CODE: "개방자치단체 자치단체코드 opnatmygrpcd",
    Column.NUMBER: "번호관리 cctv관리번호 관리no mngno",
    Column.AGENCY: "관리기관 mnginstnm",
    Column.ROAD_ADDRESS: "도로명주소 설치위치도로명주소 lctnroadnmaddr",
    Column.LOT_ADDRESS: "지번주소 설치위치지번주소 lctnlotnoaddr",
    Column.PURPOSE: "설치목적 목적구분 instlprpsseclnm",
    Column.COUNT: "대수 설치대수 카메라수 camcnt",
    Column.PIXELS: "화소수 카메라화소 campixelcnt",
    Column.DIRECTION: "촬영방면 촬영방향 shtdrcinfo",
    Column.RETENTION: "보관일 보관기간 cstdydaycnt",
    Column.INSTALLED: "설치년월 설치일자 설치년도 설치연도 instlym",
    Column.PHONE: "전화번호 관리기관전화 mnginsttelno",
    Column.LATITUDE: "위도 latitude lat wgs84위도좌표 wgs84lat",
    Column.LONGITUDE: "경도 longitude lon lng wgs84경도좌표 wgs84lot",
    Column.AS_OF: "기준일자 데이터기준일 datacrtrymd",
    Column.CHANGE_KIND: "갱신구분 dataupdtseclcd",
    Column.CHANGED_AT: "갱신시점 dataupdtpnt",
    Column.LAST_CHANGED: "최종수정일시 lastmdfcnpnt",
}
_NAMES = {name: column for column, names in _ALIASES.items() for name in [column.value.lower(), *names.split()]}
_ASIDE = re.compile(r"\([^)]*\)|[\s_\-\"'·.\ufeff]")


def column_of(title: str) -> Column | None:
    """Return the column that a header's cell names, if any: units in brackets, spaces and case do not matter."""
    return _NAMES.get(_ASIDE.sub("", unicodedata.normalize("NFKC", title).lower()))
