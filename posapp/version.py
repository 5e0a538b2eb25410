"""The program's version, told to HQ and written into each journal's first entry."""

VERSION = "0.4.0"
