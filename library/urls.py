"""Addresses of the app."""

from django.urls import path

from library.views import (
    adding,
    albums,
    artists,
    blocks,
    bulk,
    features,
    grouping,
    lists,
    tracks,
)

app_name = "library"

urlpatterns = [
    path("", lists.album_list, name="list"),
    path("add/", adding.ingest, name="ingest"),
    path("add/preview/", adding.preview, name="preview"),
    path("albums/bulk/", bulk.bulk_albums, name="bulk_albums"),
    path("albums/<int:pk>/", albums.detail, name="album"),
    path("albums/<int:pk>/refresh/", albums.refresh, name="refresh_album"),
    path("albums/<int:pk>/collections/", albums.place, name="place_album"),
    path("tracks/", lists.track_list, name="tracks"),
    path("tracks/bulk/", bulk.bulk_tracks, name="bulk_tracks"),
    path("tracks/<int:pk>/", tracks.detail, name="track"),
    path("tracks/<int:pk>/hold/", tracks.hold, name="hold_track"),
    path("tracks/<int:pk>/release/", tracks.release, name="release_track"),
    path("features/", features.overview, name="features"),
    path("features/fetch/", features.fetch, name="fetch_features"),
    path("features/import/", features.take_file, name="import_features"),
    path("features/template.csv", features.template, name="feature_template"),
    path("blocks/", blocks.block_list, name="blocks"),
    path("blocks/<int:pk>/remove/", blocks.unblock, name="unblock"),
    path("artists/", lists.artist_list, name="artists"),
    path("artists/<int:pk>/", artists.detail, name="artist"),
    path("artists/<int:pk>/aliases/add/", artists.add_alias, name="add_alias"),
    path("artists/<int:pk>/name/", artists.name_group, name="name_group"),
    path("aliases/<int:pk>/remove/", artists.remove_alias, name="remove_alias"),
    path("collections/", grouping.collection_list, name="collections"),
    path("collections/<int:pk>/", grouping.detail, name="collection"),
    path("collections/<int:pk>/edit/", grouping.edit, name="edit_collection"),
    path(
        "collections/<int:pk>/remove/", grouping.remove, name="remove_from_collection"
    ),
    path("collections/<int:pk>/delete/", grouping.delete, name="delete_collection"),
]
