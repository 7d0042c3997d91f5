"""Where Spotify sends people back to; the address is registered there, so it stays."""

from django.urls import path

from accounts.views import connecting

urlpatterns = [path("spotify/callback", connecting.callback, name="oauth_callback")]
