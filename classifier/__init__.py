"""Articles in, labels out."""

__version__ = "0.1.0"
