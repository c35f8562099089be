"""What a description in Korean or English means to the models: a long table, and what nobody should type."""

import pytest

from investigations.lexicon import ENTRIES
from investigations.words import known_term, read_word, read_words


def said(word: str) -> str:
    return " ".join(sorted(f"{attribute}={value}" for attribute, value in read_word(word).terms))


U, LO = "upper_colour", "lower_colour"
PEOPLE = {
    # the issue's own
    "red top, black trousers, backpack": f"backpack=yes {LO}=black lower_kind=trousers {U}=red",
    "빨간 상의 검은 바지 백팩": f"backpack=yes {LO}=black lower_kind=trousers {U}=red",
    # chips, in both languages
    "Top: red": f"{U}=red",
    "상의: 빨간색": f"{U}=red",
    "상의: 빨강": f"{U}=red",
    "Bottom: navy": f"{LO}=blue",
    "하의: 남색": f"{LO}=blue",
    "Bottom: beige": f"{LO}=brown",
    "하의: 베이지색": f"{LO}=brown",
    "Top: T-shirt": "upper_kind=tshirt",
    "상의: 티셔츠": "upper_kind=tshirt",
    "Top: padded jacket": "upper_kind=jacket",
    "상의: 패딩": "upper_kind=jacket",
    "Top: suit jacket": "upper_kind=suit",
    "상의: 정장 재킷": "upper_kind=suit",
    "Top: waistcoat": "upper_kind=vest",
    "상의: 조끼": "upper_kind=vest",
    "Top: dress": "lower_kind=dress",
    "상의: 원피스": "lower_kind=dress",
    "Top: striped": "",
    "상의: 줄무늬": "",
    "Bottom: trousers": "lower_kind=trousers",
    "하의: 긴바지": "lower_kind=trousers",
    "Bottom: jeans": "lower_kind=jeans",
    "하의: 청바지": "lower_kind=jeans",
    "Bottom: shorts": "lower_kind=shorts",
    "하의: 반바지": "lower_kind=shorts",
    "Bottom: long skirt": "lower_kind=skirt lower_length=long",
    "하의: 긴 치마": "lower_kind=skirt lower_length=long",
    "Shoes: dress shoes": "",
    "신발: 구두": "",
    "Hat: no hat": "hat=no",
    "모자: 모자 없음": "hat=no",
    "Hat: cap": "hat=yes",
    "모자: 야구모자": "hat=yes",
    "모자: 챙 모자": "hat=yes",
    "모자: 없음": "hat=no",
    "Hat: hood up": "",
    "모자: 후드 씀": "",
    "Face: mask": "",
    "Hair: short hair": "hair=short",
    "머리: 짧은 머리": "hair=short",
    "Hair: long hair": "hair=long",
    "머리: 긴 머리": "hair=long",
    "Hair: grey hair": "",
    "머리: 흰머리": "",
    "Hair: bald": "hair=short",
    "Bag: no bag": "backpack=no bag=no",
    "가방: 가방 없음": "backpack=no bag=no",
    "Bag: backpack": "backpack=yes",
    "가방: 배낭": "backpack=yes",
    "Bag: shoulder bag": "bag=yes",
    "가방: 어깨 가방": "bag=yes",
    "Bag: suitcase": "bag=yes",
    "가방: 여행 가방": "bag=yes",
    "Age: child": "age=child",
    "연령대: 어린이": "age=child",
    "Age: 20 to 39": "age=adult age=young",
    "연령대: 20~39세": "age=adult age=young",
    "Age: 60 or older": "age=old",
    "연령대: 60세 이상": "age=old",
    "Sex: female": "gender=female",
    "성별: 남성": "gender=male",
    "Build: short of stature": "",
    "체격: 키 작음": "",
    "Along: dog": "",
    # colours of garments, before them, after them, glued to them
    "빨간바지": f"{LO}=red lower_kind=trousers",
    "빨간바지를 입은": f"{LO}=red lower_kind=trousers",
    "검정색상의": f"{U}=black",
    "검은색 상의에 회색 하의": f"{LO}=grey {U}=black",
    "상의 빨강 하의 검정": f"{LO}=black {U}=red",
    "상의는 흰색, 하의는 청바지": f"lower_kind=jeans {U}=white",
    "상의가 파란색인 남자": f"gender=male {U}=blue",
    "하의 검정": f"{LO}=black",
    "top red trousers black": f"{LO}=black lower_kind=trousers {U}=red",
    "jacket: navy blue": f"{U}=blue upper_kind=jacket",
    "navy blue jacket": f"{U}=blue upper_kind=jacket",
    "dark green coat": f"{U}=green upper_kind=coat",
    "진한 초록색 외투": f"{U}=green upper_kind=coat",
    "하늘색 셔츠": f"{U}=blue upper_kind=shirt",
    "분홍 원피스": f"{LO}=pink lower_kind=dress {U}=pink",
    "pink dress": f"{LO}=pink lower_kind=dress {U}=pink",
    "검은 정장": f"{LO}=black {U}=black upper_kind=suit",
    "grey tracksuit": f"{LO}=grey {U}=grey",
    "위아래 검은색": f"{LO}=black {U}=black",
    "빨간 옷": f"{U}=red",
    "은색 패딩": f"{U}=grey upper_kind=jacket",
    "카키색 야상": f"{U}=green upper_kind=jacket",
    "아이보리 니트": f"{U}=white upper_kind=sweater",
    "red and white top": f"{U}=red {U}=white",
    "상의: 빨간색과 흰색": f"{U}=red {U}=white",
    "white shirt and blue jeans": f"{LO}=blue lower_kind=jeans {U}=white upper_kind=shirt",
    "흰 티에 청바지": f"lower_kind=jeans {U}=white upper_kind=tshirt",
    "흰색 티셔츠와 검은색 반바지": f"{LO}=black lower_kind=shorts {U}=white upper_kind=tshirt",
    "갈색코트에 회색 바지를 입고 배낭을 멘": f"backpack=yes {LO}=grey lower_kind=trousers {U}=brown upper_kind=coat",
    "wearing a yellow hoodie": f"{U}=yellow upper_kind=hoodie",
    "purple blouse": f"{U}=purple upper_kind=shirt",
    "보라색 블라우스": f"{U}=purple upper_kind=shirt",
    "주황색 조끼": f"{U}=orange upper_kind=vest",
    "NAVY TROUSERS": f"{LO}=blue lower_kind=trousers",
    # sleeves, lengths, hair
    "긴팔": "sleeve=long",
    "긴 팔": "sleeve=long",
    "반팔": "sleeve=short",
    "반팔티": "sleeve=short",
    "빨간 반팔": f"sleeve=short {U}=red",
    "짧은 소매": "sleeve=short",
    "민소매": "sleeve=short",
    "long sleeves": "sleeve=long",
    "short-sleeved red shirt": f"sleeve=short {U}=red upper_kind=shirt",
    "sleeveless": "sleeve=short",
    "long coat": "upper_kind=coat",
    "짧은 치마": "lower_kind=skirt lower_length=short",
    "미니스커트": "lower_kind=skirt lower_length=short",
    "짧은 바지": "lower_length=short",
    "머리 긴 여자": "gender=female hair=long",
    "긴머리 여성": "gender=female hair=long",
    "머리가 짧음": "hair=short",
    "short black hair": "hair=short",
    "woman with long hair": "gender=female hair=long",
    "단발머리": "",
    # what somebody has, or has not
    "배낭": "backpack=yes",
    "백팩을 멘": "backpack=yes",
    "검은 책가방": "backpack=yes",
    "black bag": "bag=yes",
    "에코백": "bag=yes",
    "black cap": "hat=yes",
    "검은 모자 쓴 남자": "gender=male hat=yes",
    "모자 안 씀": "hat=no",
    "모자 없음": "hat=no",
    "모자를 쓰지 않음": "hat=no",
    "모자안씀": "hat=no",
    "모자 미착용": "hat=no",
    "no hat": "hat=no",
    "not wearing a hat": "hat=no",
    "without a backpack": "backpack=no",
    "no bags": "backpack=no bag=no",
    "배낭 없이": "backpack=no",
    "가방 안 멤": "backpack=no bag=no",
    "모자 안 쓰고 빨간 상의": f"hat=no {U}=red",
    "no hat, red top": f"hat=no {U}=red",
    "no hat with red top": f"hat=no {U}=red",
    # denied, and so not looked for
    "not a red top": "",
    "빨간 상의 아님": "",
    "no red hat": "",
    "not female": "",
    "바지 아님": "",
    "not black trousers, white shirt": f"{U}=white upper_kind=shirt",
    # people
    "할머니": "age=old gender=female",
    "할아버지": "age=old gender=male",
    "elderly woman": "age=old gender=female",
    "old man": "age=old gender=male",
    "치매 노인": "age=old",
    "아이": "age=child",
    "초등학생": "age=child",
    "남자아이": "age=child gender=male",
    "여자 아이": "age=child gender=female",
    "little girl": "age=child gender=female",
    "여학생": "age=young gender=female",
    "teenage boy": "age=young gender=male",
    "20대 여자": "age=young gender=female",
    "70대 남성": "age=old gender=male",
    "10대": "age=young",
    "7살 아이": "age=child",
    "75 years old": "age=old",
    "75-year-old woman": "age=old gender=female",
    "man in his 40s": "age=adult gender=male",
    "a man in his seventies": "age=old gender=male",
    "woman aged 33": "age=adult gender=female",
    "남": "gender=male",
    "여": "gender=female",
    "남자": "gender=male",
    "men": "gender=male",
    "아저씨": "age=adult gender=male",
    "대학생, 20대": "age=young",
    "성인 남자": "age=adult age=young gender=male",
    "성인, 30대": "age=adult",
    "120살": "age=old",
    "200살": "",
    "woman with a child and an old man": "",  # of whom it speaks is not sure
    "5 to 15 years old": "age=child age=young",
    # skin and origin mean nothing, nor does a colour beside them
    "black man": "gender=male",
    "white woman in a red top": f"gender=female {U}=red",
    "흑인 남성": "gender=male",
    "백인": "",
    "피부가 검은 사람": "",
    "dark skin": "",
    "동양인 여자 파란 바지": f"gender=female {LO}=blue lower_kind=trousers",
    # things with colours of their own
    "white trainers": "",
    "흰 운동화": "",
    "검은 우산, 노란 우비": f"{U}=yellow upper_kind=coat",
    "red top with black shoes": f"{U}=red",
    "흰 마스크 검은 모자": "hat=yes",
    "woman with black dog": "gender=female",
    # words in words
    "안경": "",
    "아이스크림": "",
    "이상한 사람": "",
    "차이": "",
    "여름 옷": "",
    "limps": "",
    "절뚝거림": "",
    "노란 리본": "",
    "yellow ribbon": "",
    "redhead": "",
    "capital": "",
}
VEHICLES = {
    "흰색 SUV": "body=suv colour=white",
    "white SUV": "body=suv colour=white",
    "은색": "colour=silver",
    "silver": "colour=silver",
    "Colour: red": "colour=red",
    "색상: 빨간색": "colour=red",
    "색상: 회색": "colour=grey",
    "Colour: grey or silver": "colour=grey colour=silver",
    "색상: 베이지색": "colour=brown",
    "Type: van or minibus": "type=van",
    "차종: 승합차": "type=van",
    "Type: SUV": "body=suv",
    "차종: 화물차": "type=truck",
    "Type: pickup": "type=pickup",
    "차종: 픽업트럭": "type=pickup",
    "차종: 오토바이": "type=motorcycle",
    "흰차": "colour=white",
    "검은 승용차": "colour=black type=car",
    "은색 세단": "body=sedan colour=silver",
    "노란 택시": "colour=yellow type=car",
    "차량: 파란색 트럭": "colour=blue type=truck",
    "흰색 1톤 트럭": "colour=white type=truck",
    "red sports car": "body=coupe colour=red",
    "blue station wagon": "body=wagon colour=blue",
    "green bus": "colour=green type=bus",
    "빨간 오토바이": "colour=red type=motorcycle",
    "car, not white": "type=car",
    "white car with black roof": "colour=white type=car",
    "car black": "colour=black type=car",
    "차는 검은색": "colour=black",
    "자전거": "",
    "구급차": "",
    "Marks: roof rack": "",
    "특징: 루프랙": "",
    "white house": "",
}


@pytest.mark.parametrize(("word", "means"), [*PEOPLE.items(), *VEHICLES.items()])
def test_a_description_means(word: str, means: str) -> None:
    assert said(word) == means


def test_the_table_is_long() -> None:
    assert len(PEOPLE) + len(VEHICLES) >= 150


def test_what_is_not_understood_is_kept_as_it_was_said() -> None:
    reading = read_word("red top with a dragon, 노란리본 빨간 바지")
    assert ("upper_colour", "red") in reading.terms
    assert ("lower_colour", "red") in reading.terms
    assert reading.rest == ("dragon", "노란리본")


def test_words_are_read_each_once_in_their_order_with_the_word_that_said_so() -> None:
    top, hat = read_words(["상의: 빨강", "red top, no hat", "노란 리본"])
    assert (top["attribute"], top["value"], top["required"]) == ("upper_colour", "red", False)
    assert (top["word"], top["words"]) == ("상의: 빨강", ["상의: 빨강", "red top, no hat"])
    assert (hat["attribute"], hat["value"], hat["words"]) == ("hat", "no", ["red top, no hat"])


def test_a_model_is_asked_for_what_it_knows_or_for_the_next_best() -> None:
    heads = {
        "colour": ["grey"],
        "upper_colour": ["red"],
        "lower_length": ["short", "long"],
        "lower_kind": ["skirt"],
        "type": ["car", "van"],
    }
    words = ["red top", "jeans", "a dress", "shorts", "blue top", "hat", "suv", "minivan", "silver"]
    rows = [(row["attribute"], row["value"]) for row in read_words(words, heads=heads)]
    assert rows == [
        ("upper_colour", "red"),
        ("lower_length", "long"),
        ("lower_kind", "skirt"),
        ("lower_length", "short"),
        ("type", "car"),
        ("type", "van"),
        ("colour", "grey"),
    ]
    assert known_term(("hat", "yes"), {}) is None


@pytest.mark.parametrize(
    "hostile",
    [
        "",
        " ",
        ":",
        "::::",
        ",,,;;;",
        "\x00\x01\x02",
        "red\x00 top\x1b[31m",
        "🟥👕",
        "👨‍👩‍👧 red top 👕",
        "빨" * 500,
        "빨간" * 500,
        "빨간바지" * 3000,
        "red " * 3000,
        "top " * 3000,
        "not " * 3000,
        "안 " * 3000,
        "은는이가" * 2000,
        "a" * 100_000,
        "1" * 100_000,
        "1살" * 10_000,
        "<script>alert(1)</script>",
        "'; DROP TABLE search; --",
        "\ud800",
        "\u202ered top\u202c",
        "Ｒｅｄ　ｔｏｐ",
        "가\u0301나",
        "red\ttop\n\nblack\rtrousers",
        "%s %(x)s {0}",
        "Age: 99999999999999999999999",
        "Age: ٣٠",
        "③살 Ⅷ세",
    ],
)
def test_whatever_is_typed_is_read_without_failing(hostile: str) -> None:
    reading = read_word(hostile)
    assert reading.word == hostile
    assert len(reading.terms) <= len(ENTRIES)
    assert len(read_words([hostile] * 12)) == len(read_words([hostile]))


@pytest.mark.parametrize(
    "word", ["red\x00 top\x1b[31m", "👨‍👩‍👧 red top 👕", "\u202ered top\u202c", "Ｒｅｄ　ｔｏｐ", "red\u200b top"]
)
def test_what_is_hidden_in_a_word_does_not_change_its_meaning(word: str) -> None:
    assert said(word) == "upper_colour=red"


def test_korean_is_understood_however_it_is_composed() -> None:
    decomposed = "\u1108\u1161\u11af\u1100\u1161\u11ab \u1109\u1161\u11bc\u110b\u1174"
    assert said(decomposed) == "upper_colour=red"


def test_nothing_says_anything_of_skin_or_origin() -> None:
    attributes = {attribute for entry in ENTRIES.values() for attribute, _value in entry.terms}
    assert attributes <= {
        *("upper_kind", "lower_kind", "sleeve", "lower_length", "hair", "hat", "bag", "backpack", "gender", "age"),
        *("type", "body"),
    }
    for word in ("흑인", "백인", "피부색", "동양인", "외국인", "skin", "asian", "caucasian"):
        assert said(word) == said(f"black {word}") == said(f"하얀 {word}") == ""
