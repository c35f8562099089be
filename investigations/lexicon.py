"""The Korean and English words that a description is read by. Plain tables; `words.py` reads with them.

Skin, origin and the like have no entry that means anything, on purpose: they are known only as words that a colour may
stand beside ("black man"), so that the colour is not taken for a coat's.
"""

from dataclasses import dataclass
from typing import Literal

Term = tuple[str, str]  # attribute and value, as the models name them
Role = Literal["colour", "length", "part", "no", "none", "fill", "unknown", "end", "colon"]
UPPER, LOWER, WHOLE, HAIR, SLEEVE, VEHICLE = "upper", "lower", "whole", "hair", "sleeve", "vehicle"
HAS = ("hat", "bag", "backpack")  # what somebody has, or has not


@dataclass(frozen=True)
class Entry:
    """What a word means: its role; the `value` of a colour or length; of a part its slot, and the terms it stands for.

    "no" denies what follows (as in English), "none" what stands before it (as in Korean).
    """

    role: Role
    value: str = ""
    terms: tuple[Term, ...] = ()


# English words, and Korean ones that stand with and without 색 (colour).
COLOURS = {
    "black": ("black", "검은,검정,까만,까망,블랙,흑"),
    "white": ("white,ivory,cream", "흰,하얀,하양,화이트,백,아이보리,크림"),
    "grey": ("grey,gray,charcoal", "회,잿빛,그레이,쥐,차콜,챠콜"),
    "silver": ("silver", "은,은빛,실버"),
    "red": ("red,crimson,scarlet,burgundy,maroon", "빨간,빨강,붉은,적,레드,다홍,와인,버건디,새빨간"),
    "orange": ("orange", "주황,오렌지,귤"),
    "yellow": ("yellow,mustard", "노란,노랑,황,옐로,옐로우,겨자,샛노란"),
    "green": ("green,khaki,olive,mint", "초록,녹,연두,그린,카키,국방,쑥,올리브,민트,풀"),
    "blue": (
        "blue,navy,navy blue,sky blue,indigo,turquoise",
        "파란,파랑,푸른,청,남,네이비,감청,군청,곤,하늘,블루,소라,새파란",
    ),
    "purple": ("purple,violet,lilac", "보라,자주,자,퍼플,바이올렛"),
    "pink": ("pink", "분홍,핑크,연분홍"),
    "brown": ("brown,beige,tan,camel", "갈,밤,브라운,베이지,황토,고동,카멜"),
    "": ("gold,golden,colourful,colorful,peach", "금,알록달록한,살구,형광"),  # seen, but of no one colour of the models
}
# Without 색 these are other words, or none.
NEED_SUFFIX = "흑,백,회,은,쥐,적,귤,황,녹,국방,쑥,풀,청,남,감청,군청,곤,하늘,소라,자,갈,밤,금,고동,살구,크림"
LENGTHS = {"long": ("long", "긴,김,긺,길고,기다란,롱"), "short": ("short", "짧은,짧음,짧고,숏")}

# Slot | terms | words of both languages; a line that begins with a gap goes on with the words. Of the slots "person"
# and "mute" no colour is ever asked for: what stands beside them is a skin's, a shoe's, a dog's.
PARTS = """\
upper |  | top, upper body, upper clothing, clothes, clothing, 상의, 윗도리, 웃도리, 윗옷, 웃옷, 겉옷, 위옷, 상체,
    옷, outerwear, 위
upper | upper_kind=tshirt | t shirt, tshirt, tee, tee shirt, 티셔츠, 티, 면티, 라운드티
upper | upper_kind=shirt | shirt, blouse, polo shirt, dress shirt, 셔츠, 와이셔츠, 남방, 블라우스, 카라티
upper | upper_kind=sweater | sweater, jumper, pullover, cardigan, sweatshirt, 스웨터, 니트, 가디건, 카디건, 맨투맨
upper | upper_kind=hoodie | hoodie, hooded top, hooded sweatshirt, hooded jacket, 후드티, 후디, 후드집업
upper | upper_kind=jacket | jacket, anorak, windbreaker, padded jacket, puffer, puffer jacket, down jacket, parka,
    점퍼, 잠바, 자켓, 재킷, 바람막이, 야상, 패딩, 패딩점퍼, 파카, 플리스, 후리스
upper | upper_kind=coat | coat, overcoat, trench coat, raincoat, padded coat, 코트, 외투, 트렌치코트, 롱패딩,
    바바리, 우비, 우의, 비옷
upper | upper_kind=suit | suit jacket, blazer, 정장재킷, 정장자켓, 양복상의, 블레이저, 마이
upper | upper_kind=vest | vest, waistcoat, gilet, 조끼, 베스트
upper | sleeve=long | long sleeve, long sleeved, long sleeved top, long sleeved shirt, 긴팔, 긴팔티, 긴소매, 긴팔옷
upper | sleeve=short | short sleeve, short sleeved, short sleeved top, sleeveless, tank top, short sleeved shirt,
    반팔, 반팔티, 반소매, 짧은소매, 민소매, 나시, 반팔옷
sleeve |  | sleeve, sleeved, 소매, 팔
lower |  | bottom, lower body, lower clothing, 하의, 아랫도리, 아래옷, 하체, 아래
lower | lower_kind=trousers | trousers, trouser, pants, slacks, leggings, sweatpants, joggers, tracksuit trousers,
    tracksuit bottoms, 바지, 긴바지, 면바지, 정장바지, 슬랙스, 레깅스, 운동복바지, 츄리닝바지, 추리닝바지,
    트레이닝바지, 조거팬츠, 팬츠
lower | lower_kind=jeans | jeans, jean, denim, denims, 청바지, 진, 데님
lower | lower_kind=shorts | shorts, short trousers, short pants, 반바지, 핫팬츠, 숏팬츠, 칠부바지
lower | lower_kind=skirt | skirt, 치마, 스커트
lower | lower_kind=skirt lower_length=short | miniskirt, mini skirt, 미니스커트, 짧은치마
lower | lower_kind=skirt lower_length=long | long skirt, maxi skirt, 긴치마, 롱스커트, 롱치마
whole | lower_kind=dress | dress, 원피스, 드레스
whole | upper_kind=suit | suit, 정장, 양복
whole |  | tracksuit, jumpsuit, overalls, top and bottom, from head to toe, 운동복, 추리닝, 츄리닝, 트레이닝복,
    체육복, 상하의, 위아래, 위아래옷, 등산복
backpack | backpack=yes | backpack, rucksack, school bag, schoolbag, knapsack, back pack, 배낭, 백팩, 책가방,
    등산가방, 책보
bag | bag=yes | bag, handbag, hand bag, shoulder bag, shopping bag, tote bag, tote, messenger bag, crossbody bag,
    purse, briefcase, suitcase, luggage, plastic bag, carrier bag, 가방, 핸드백, 손가방, 어깨가방, 숄더백, 크로스백,
    쇼핑백, 에코백, 토트백, 서류가방, 메신저백, 장바구니, 슬링백, 여행가방, 캐리어, 비닐봉지, 비닐봉투, 봉지, 봉투,
    보따리
hat | hat=yes | hat, cap, baseball cap, woollen hat, woolly hat, beanie, brimmed hat, bucket hat, helmet, headwear,
    sun hat, straw hat, 모자, 캡, 야구모자, 털모자, 챙모자, 비니, 벙거지, 벙거지모자, 헬멧, 안전모, 밀짚모자,
    중절모, 군모, 베레모, 캡모자, 볼캡, 벙거지모
hair |  | hair, haired, 머리, 머리카락, 머리칼
hair | hair=long | ponytail, 장발, 롱헤어
hair | hair=short | crew cut, buzz cut, bald, bald head, pixie cut, 숏컷, 숏커트, 커트머리, 스포츠머리, 민머리,
    대머리, 까까머리, 삭발
hair |  | grey haired, 흰머리, 백발, 흰머리카락, 파마머리, 단발, 단발머리, 묶은머리, 어깨길이머리
person | gender=male | male, man, men, boy, gentleman, guy, he, 남자, 남성, 소년, 사내, 사나이
person | gender=female | female, woman, women, girl, lady, she, 여자, 여성, 소녀, 아가씨, 여자분, 여인
person | age=child | child, children, kid, toddler, infant, primary school pupil, elementary school student, 아이,
    어린이, 아동, 꼬마, 유아, 초등학생, 유치원생, 애, 애기, 아기, 초등생, 초딩
person | age=young | teenager, teen, teenage, adolescent, 청소년, 중학생, 고등학생, 중고생, 고교생, 십대, 여중고생
person | age=young | young person, youth, 청년, 대학생, 젊은이
person | age=young age=adult | adult, grown up, 성인, 어른, 직장인, 회사원
person | age=adult | middle aged, 중년, 장년
person | age=old | elderly, senior, senior citizen, old person, old people, pensioner, 노인, 어르신, 노년, 고령자,
    고령, 노령, 치매노인
person | gender=male age=old | old man, elderly man, grandfather, grandpa, 할아버지, 할배, 영감, 노신사
person | gender=female age=old | old woman, old lady, elderly woman, grandmother, grandma, 할머니, 할매, 노파
person | gender=male age=young | young man, 청년남성, 젊은남자, 총각
person | gender=male age=young age=adult | father, 아빠, 아버지
person | gender=male age=adult | middle aged man, 아저씨, 중년남성
person | gender=female age=young | young woman, young lady, 젊은여자
person | gender=female age=young age=adult | mother, 엄마, 어머니
person | gender=female age=adult | middle aged woman, 아줌마, 아주머니, 중년여성
person | gender=male age=child | little boy, young boy, small boy, 남아, 남자애, 남자아이, 남자어린이
person | gender=female age=child | little girl, young girl, small girl, 여아, 여자애, 여자아이, 여자어린이
person | gender=male age=young | teenage boy, 남학생, 남중생, 남고생
person | gender=female age=young | teenage girl, 여학생, 여중생, 여고생
person |  | person, people, student, skin, skinned, complexion, face, asian, african, european, caucasian,
    foreigner, korean, chinese, 사람, 인물, 대상자, 실종자, 용의자, 학생, 피부, 피부색, 얼굴, 인종, 흑인, 백인,
    황인, 동양인, 서양인, 외국인, 동남아인, 중국인, 한국인, 혼혈
vehicle |  | vehicle, 차, 차량, 자동차
vehicle | type=car | car, passenger car, taxi, cab, 승용차, 택시, 경차, 승용
vehicle | type=van | van, minibus, mini bus, van or minibus, 승합차, 승합, 밴, 봉고, 봉고차, 미니버스, 스타렉스,
    카니발밴
vehicle | type=pickup | pickup, pick up, pickup truck, 픽업, 픽업트럭
vehicle | type=truck | truck, lorry, dump truck, box truck, tanker, 화물차, 트럭, 덤프트럭, 덤프, 탑차, 용달,
    용달차, 냉동차, 화물트럭
vehicle | type=bus | bus, coach, 버스, 시내버스, 관광버스, 마을버스, 고속버스
vehicle | type=motorcycle | motorcycle, motorbike, moped, scooter, motor scooter, 오토바이, 이륜차, 스쿠터,
    배달오토바이, 모터사이클
vehicle | body=sedan | sedan, saloon, 세단
vehicle | body=hatchback | hatchback, 해치백
vehicle | body=suv | suv, jeep, off roader, 에스유브이, 지프, 지프차, 짚차
vehicle | body=coupe | coupe, coupé, sports car, 쿠페, 스포츠카
vehicle | body=wagon | wagon, station wagon, estate car, 왜건, 웨건
vehicle | body=minivan | minivan, mpv, people carrier, 미니밴
mute |  | shoe, trainers, sneakers, dress shoes, boot, sandals, slippers, glasses, sunglasses, mask, beard,
    moustache, scarf, gloves, tie, belt, sock, umbrella, walking stick, cane, wheelchair, bicycle, bike, pram, dog,
    trolley, carrier, hood, uniform, school uniform, stripe, logo, sticker, roof, roof rack, wheel, plate,
    number plate, eye, nails, phone, fire engine, fire truck, ambulance, police car, delivery vehicle, trailer,
    신발, 운동화, 구두, 부츠, 장화, 샌들, 슬리퍼, 안경, 선글라스, 마스크, 수염, 콧수염, 턱수염, 목도리, 스카프,
    장갑, 넥타이, 벨트, 양말, 우산, 양산, 지팡이, 휠체어, 자전거, 유모차, 개, 강아지, 손수레, 후드, 제복, 교복,
    유니폼, 줄무늬, 체크무늬, 무늬, 로고, 글씨, 스티커, 지붕, 루프랙, 바퀴, 번호판, 눈, 휴대폰, 소방차, 구급차,
    경찰차, 배송차량, 트레일러, 머리띠, 귀걸이, 목걸이, 시계, 전동킥보드, 킥보드
"""
NO = "no,not,without,never,isn't,wasn't,doesn't,didn't,hasn't,won't,non"
NONE = "none,nothing,없음,없는,없이,없고,없었음,없다,없었다,안,않음,않은,않고,않았음,않는,미착용,미소지,아님,아닌"
FILL = (
    "a,an,the,is,was,are,were,be,has,have,had,with,in,on,of,and,or,plus,at,his,her,their,its,it,wearing,wears,"
    "wore,worn,wear,carrying,carries,dressed,any,some,pair,colour,color,coloured,colored,type,age,aged,sex,"
    "gender,dark,light,pale,bright,deep,over,under,to,like,looks,seems,yes,very,입은,입고,입음,입었음,입었다,"
    "입던,입지,쓴,쓰고,씀,썼음,썼다,쓰지,멘,메고,멤,맨,매고,맸음,메지,든,들고,들지,신은,신고,신음,착용,착용한,"
    "착용하고,착용함,소지,소지한,차림,차림의,차림새,있음,있는,있고,있었음,한,하고,함,탄,타고,인,임,및,그리고,"
    "또는,혹은,또,진한,짙은,연한,옅은,밝은,어두운,색상,색깔,색,차종,차체,연령대,나이,성별,계열,계통,바탕,종류,"
    "모양,매우,아주,정도,추정,되는,이며,이고,이상,이하"
)
# What may follow a Korean word without a gap.
PARTICLES = "으로,이랑,에다,까지,부터,이며,이고,에는,에서,하고,의,을,를,에,은,는,이,가,와,과,로,도,만,랑,및,인"
# Only as a word of its own: within others these mean nothing.
ALONE = {"남": (("gender", "male"),), "여": (("gender", "female"),)}
DECADES = {
    **{"teens": 15, "twenties": 20, "thirties": 30, "forties": 40},
    **{"fifties": 50, "sixties": 60, "seventies": 70, "eighties": 80},
}
# Where a model lacks what was said, this says nearly the same.
NEXT_BEST: dict[Term, Term] = {
    ("upper_kind", "hoodie"): ("upper_kind", "sweater"),
    ("upper_kind", "coat"): ("upper_kind", "jacket"),
    ("age", "young"): ("age", "teenager"),
    ("colour", "silver"): ("colour", "grey"),
    ("lower_kind", "dress"): ("lower_kind", "skirt"),
    ("lower_kind", "jeans"): ("lower_kind", "trousers"),
    ("lower_kind", "trousers"): ("lower_length", "long"),
    ("lower_kind", "shorts"): ("lower_length", "short"),
    ("body", "minivan"): ("type", "van"),
    **{("body", name): ("type", "car") for name in ("sedan", "hatchback", "suv", "coupe", "wagon")},
}


def _entries() -> dict[str, Entry]:
    """Every word with its meaning; spaces only in English ones."""
    found: dict[str, Entry] = {}
    for value, (english, korean) in COLOURS.items():
        stems = korean.split(",")
        forms = [word + "색" for word in stems] + [word for word in stems if word not in NEED_SUFFIX.split(",")]
        found |= dict.fromkeys([*english.split(","), *forms], Entry("colour", value))
    for value, both in LENGTHS.items():
        found |= dict.fromkeys(",".join(both).split(","), Entry("length", value))
    for line in PARTS.replace("\n    ", " ").splitlines():
        slot, terms, words = line.split(" | ")
        said = tuple((name, value) for name, _is, value in (term.partition("=") for term in terms.split()))
        found |= dict.fromkeys(words.split(", "), Entry("part", slot, said))
    for role, text in (("no", NO), ("none", NONE), ("fill", FILL)):
        found |= dict.fromkeys(text.split(","), Entry(role))  # type: ignore[arg-type]  # the three are roles
    return found


ENTRIES = _entries()
