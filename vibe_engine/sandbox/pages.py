"""What a listener sees: plain pages of albums, artists, playlists and accounts."""

from werkzeug.wrappers import Request, Response

from vibe_engine.sandbox.world import World


class ListenerPages:
    """Shows the catalogue and the playlists as they really are."""

    def __init__(self, world: World) -> None:
        self._world = world

    def answer(self, request: Request) -> Response:
        """Return the page at the request's path."""
        return Response(f"sandbox {request.path}", content_type="text/plain")
