"""What others may listen to: the one way in which what was seen calls those who look for something."""

from django.dispatch import Signal

# Sent with `analysis_id` once an analysis' sightings stand in the database.
sightings_written = Signal()
