"""What can be done with playlists; views, commands and jobs call these modules.

A module may import those beside it and below (a contract in pyproject.toml):

what is asked for, and what is told about it
    lists: creation, making, reshuffling, restoring, taking, shadowing, removal
    the playlists themselves: editing, ruling, labelling, grouping, scopes
    looking: inventory, tidying, history, forecast, foreseeing, farewell
sending to Spotify
    founding, pushing, details, describing, lateness
dates and runs
    opening, spreading
capacity
    outlook, easing, capacity, supplies
drawing
    ahead, batches, planning, replaying, explaining
    stock, resting, standing, neighbours, hindsight
"""
