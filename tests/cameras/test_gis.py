import pytest

from cameras.gis import bearing_deg, distance_m

SEJONG, SEOUL, BUSAN = (36.4801, 127.2890), (37.5665, 126.9780), (35.1796, 129.0756)


@pytest.mark.parametrize(
    ("a", "b", "metres"),
    [
        (SEJONG, SEJONG, 0),
        ((0, 0), (0, 1), 111_195),  # one degree of the equator: 2πR / 360
        ((36, 127), (37, 127), 111_195),  # one degree along a meridian is the same
        (SEOUL, BUSAN, 325_100),  # published great-circle distance 325 km
    ],
)
def test_distances(a: tuple[float, float], b: tuple[float, float], metres: float) -> None:
    assert distance_m(a, b) == pytest.approx(metres, rel=2e-3, abs=0.01)
    assert distance_m(a, b) == pytest.approx(distance_m(b, a))


@pytest.mark.parametrize(("b", "degrees"), [((37, 127), 0), ((36, 128), 89.7), ((35, 127), 180), ((36, 126), 270.3)])
def test_bearings(b: tuple[float, float], degrees: float) -> None:
    assert bearing_deg((36, 127), b) == pytest.approx(degrees, abs=0.1)
