"""What was seen: recordings in, tracks with one picture and one feature each out.

Pure Python: no Django, no settings, no database. Import the modules themselves, so that a command that needs
no network or no model loads none.
"""
