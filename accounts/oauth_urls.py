"""Where Spotify sends people back to; the address is registered there, so it stays."""

from django.urls import path

from accounts import views

urlpatterns = [path("spotify/callback", views.callback, name="oauth_callback")]
