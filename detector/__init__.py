"""Scores how much of an article is low-information filler, and says why."""
