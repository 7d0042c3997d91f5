"""Pages about playlists: the list, one playlist, creating, editing, acting."""
