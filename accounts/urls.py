"""Addresses of the app; Spotify's way back is among those of the project."""

from django.urls import path

from accounts import mending_views, receipt_views, shadow, views

app_name = "accounts"

urlpatterns = [
    path("", views.accounts_list, name="list"),
    path("connect/", views.connect, name="connect"),
    path("switch/", views.switch, name="switch"),
    path("receipts/", receipt_views.receipt_list, name="receipts"),
    path("receipts/<slug:code>/", receipt_views.receipt, name="receipt"),
    path(
        "receipts/<slug:code>/check/", receipt_views.check_receipt, name="check_receipt"
    ),
    path(
        "receipts/<slug:code>/receipt.<slug:suffix>",
        receipt_views.receipt_file,
        name="receipt_file",
    ),
    path("<int:pk>/", views.detail, name="detail"),
    path("<int:pk>/renew/", views.renew, name="renew"),
    path("<int:pk>/prefix/", views.edit_prefix, name="edit_prefix"),
    path("<int:pk>/refresh/", views.refresh_token, name="refresh_token"),
    path("developers/<int:pk>/ask-again/", mending_views.ask_again, name="ask_again"),
    path("<int:pk>/check-seat/", mending_views.check_seat, name="check_seat"),
    path("<int:pk>/pause/", views.pause, name="pause"),
    path("<int:pk>/resume/", views.resume, name="resume"),
    path("<int:pk>/shadow/", shadow.enter_shadow, name="enter_shadow"),
    path("<int:pk>/live/", shadow.leave_shadow, name="leave_shadow"),
    path("<int:pk>/disconnect/", views.disconnect, name="disconnect"),
    path("<int:pk>/erase/", views.erase, name="erase"),
]
