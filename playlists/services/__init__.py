"""What can be done with playlists; views, commands and jobs call these modules."""
