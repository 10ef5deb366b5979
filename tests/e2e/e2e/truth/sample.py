"""The set-ups that the suite asks about."""

SEED = 20_261_130
SIZE = 60
#: Verdicts of the sample that are `unknown`. It changes with the model and with the generator alone.
UNKNOWN = 0
