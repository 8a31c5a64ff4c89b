"""The version, apart from the public face so that any module may ask for it."""

__version__ = "0.1.0"
