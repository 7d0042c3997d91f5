"""Addresses of the app; Spotify's way back is among those of the project."""

from django.urls import path

from accounts import views

app_name = "accounts"

urlpatterns = [
    path("", views.accounts_list, name="list"),
    path("connect/", views.connect, name="connect"),
    path("switch/", views.switch, name="switch"),
    path("<int:pk>/", views.detail, name="detail"),
    path("<int:pk>/renew/", views.renew, name="renew"),
    path("<int:pk>/prefix/", views.edit_prefix, name="edit_prefix"),
    path("<int:pk>/refresh/", views.refresh_token, name="refresh_token"),
    path("<int:pk>/pause/", views.pause, name="pause"),
    path("<int:pk>/resume/", views.resume, name="resume"),
    path("<int:pk>/disconnect/", views.disconnect, name="disconnect"),
    path("<int:pk>/erase/", views.erase, name="erase"),
]
