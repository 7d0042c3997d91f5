"""Addresses of the app; Spotify's way back is among those of the project."""

from django.urls import path

from accounts.views import accounts, connecting, leaving, mending, receipts, shadow

app_name = "accounts"

urlpatterns = [
    path("", accounts.accounts_list, name="list"),
    path("connect/", connecting.connect, name="connect"),
    path("switch/", accounts.switch, name="switch"),
    path("receipts/", receipts.receipt_list, name="receipts"),
    path("receipts/<slug:code>/", receipts.receipt, name="receipt"),
    path("receipts/<slug:code>/check/", receipts.check_receipt, name="check_receipt"),
    path(
        "receipts/<slug:code>/receipt.<slug:suffix>",
        receipts.receipt_file,
        name="receipt_file",
    ),
    path("<int:pk>/", accounts.detail, name="detail"),
    path("<int:pk>/renew/", connecting.renew, name="renew"),
    path("<int:pk>/prefix/", accounts.edit_prefix, name="edit_prefix"),
    path("<int:pk>/refresh/", accounts.refresh_token, name="refresh_token"),
    path("developers/<int:pk>/ask-again/", mending.ask_again, name="ask_again"),
    path("<int:pk>/check-seat/", mending.check_seat, name="check_seat"),
    path("<int:pk>/pause/", accounts.pause, name="pause"),
    path("<int:pk>/resume/", accounts.resume, name="resume"),
    path("<int:pk>/shadow/", shadow.enter_shadow, name="enter_shadow"),
    path("<int:pk>/live/", shadow.leave_shadow, name="leave_shadow"),
    path("<int:pk>/disconnect/", leaving.disconnect, name="disconnect"),
    path("<int:pk>/erase/", leaving.erase, name="erase"),
]
