"""The entrance for web pages (HTTP) and live results (WebSocket)."""

import logging
import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django_application = get_asgi_application()

from channels.auth import AuthMiddlewareStack  # noqa: E402 -- needs the apps loaded
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402

from investigations.routing import websocket_urlpatterns  # noqa: E402
from portal.access_lines import WithoutQuery  # noqa: E402
from portal.accounts.sockets import SignedInOnly  # noqa: E402

logging.getLogger("uvicorn.access").addFilter(WithoutQuery())
sockets = AuthMiddlewareStack(SignedInOnly(URLRouter(websocket_urlpatterns)))
application = ProtocolTypeRouter({"http": django_application, "websocket": AllowedHostsOriginValidator(sockets)})
