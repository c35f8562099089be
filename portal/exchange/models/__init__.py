from portal.exchange.models.idempotency import KeptAnswer
from portal.exchange.models.token import ApiToken
from portal.exchange.models.webhook import Delivery, Webhook

__all__ = ["ApiToken", "Delivery", "KeptAnswer", "Webhook"]
