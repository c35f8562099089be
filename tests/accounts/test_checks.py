"""Wrong set-up of the log-in is said at start."""

from typing import Any

import pytest
from django.core.checks import run_checks


def ids(*, deploy: bool = False) -> set[str | None]:
    return {message.id for message in run_checks(include_deployment_checks=deploy)}


def test_no_second_factor_is_a_warning_where_it_is_deployed(settings: Any) -> None:
    assert "dongseon.W011" in ids(deploy=True)
    assert "dongseon.W011" not in ids()
    settings.TWO_FACTOR_ROLES = ["administrator"]
    assert "dongseon.W011" not in ids(deploy=True)


def test_a_misspelt_role_is_an_error(settings: Any) -> None:
    settings.TWO_FACTOR_ROLES = ["supervisors", "administrator"]
    assert "dongseon.E011" in ids()


@pytest.mark.parametrize("name", ["LOCKOUT_FAILURES", "LOCKOUT_MINUTES", "SESSION_IDLE_MINUTES", "SESSION_MAX_HOURS"])
def test_a_limit_of_nothing_is_an_error(settings: Any, name: str) -> None:
    assert "dongseon.E012" not in ids()
    setattr(settings, name, 0)
    assert "dongseon.E012" in ids()
