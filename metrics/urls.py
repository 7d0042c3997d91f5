"""Addresses of the home page, the search and the health of the installation."""

from django.urls import path

from metrics.views import finding, home, state

app_name = "metrics"

urlpatterns = [
    path("", home.home, name="home"),
    path("home/now/", home.now_fragment, name="now"),
    path("home/charts/", home.charts_fragment, name="charts"),
    path("home/rotation/", home.rotation_fragment, name="rotation"),
    path("home/rests/", home.rests_fragment, name="rests"),
    path("home/capacity/", home.capacity_fragment, name="capacity"),
    path("home/trends/", home.trends_fragment, name="trends"),
    path("search/", finding.search, name="search"),
    path("health/", state.health_page, name="health"),
    path("healthz", state.healthz, name="healthz"),
    path("metrics", state.prometheus_text, name="prometheus"),
    path("readyz", state.readyz, name="readyz"),
]
