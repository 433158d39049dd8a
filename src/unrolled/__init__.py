"""Unrolled: what recurrent networks compute, rebuilt from raw data."""

__version__ = "0.1.0"
