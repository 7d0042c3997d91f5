"""Addresses of the project; each app brings its own."""

from django.contrib import admin
from django.contrib.auth.views import LogoutView
from django.templatetags.static import static
from django.urls import include, path
from django.views.generic import RedirectView

from vibe_engine import views

urlpatterns = [
    path("favicon.ico", RedirectView.as_view(url=static("img/mark.svg"))),
    path("sign-in/", views.SignInView.as_view(), name="login"),
    path("sign-out/", LogoutView.as_view(), name="logout"),
    path("profile/", views.profile, name="profile"),
    path("theme/", views.theme, name="theme"),
    path("accounts/", include("accounts.urls")),
    path("oauth/", include("accounts.oauth_urls")),
    path("library/", include("library.urls")),
    path("playlists/", include("playlists.urls")),
    path("", include("automation.urls")),
    path("", include("metrics.urls")),
    path("admin/", admin.site.urls),
]
handler400 = views.bad_request
