"""The rules of a list as a form: what a person types, and the rules it makes."""

from playlists.ruleforms.bulk import BulkRulesForm
from playlists.ruleforms.playlist import PlaylistRulesForm

__all__ = ["BulkRulesForm", "PlaylistRulesForm"]
