"""The set-ups that the suite asks about."""

SEED = 20_261_130
SIZE = 60
#: Requests of which the model says that it does not know. Whoever changes the model or the generator changes it.
UNKNOWN = 0
