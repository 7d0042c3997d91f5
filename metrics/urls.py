"""Addresses of the home page, the search and the health of the installation."""

from django.urls import path

from metrics import capacity_views, views

app_name = "metrics"

urlpatterns = [
    path("", views.home, name="home"),
    path("home/now/", views.now_fragment, name="now"),
    path("home/charts/", views.charts_fragment, name="charts"),
    path("home/rotation/", views.rotation_fragment, name="rotation"),
    path("home/rests/", views.rests_fragment, name="rests"),
    path("home/capacity/", capacity_views.capacity_fragment, name="capacity"),
    path("home/trends/", views.trends_fragment, name="trends"),
    path("search/", views.search, name="search"),
    path("health/", views.health_page, name="health"),
    path("healthz", views.healthz, name="healthz"),
    path("metrics", views.prometheus_text, name="prometheus"),
    path("readyz", views.readyz, name="readyz"),
]
