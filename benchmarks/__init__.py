"""Measurements side by side with peers; nothing here is shipped."""
