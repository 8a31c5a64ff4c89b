"""Processes that read files, and what they may take."""
