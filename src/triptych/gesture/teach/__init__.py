"""Signs that people teach: features, a measure of likeness, the store, and the lesson.

features.py, background.py   a hand as numbers, and what is known of hands before
recogniser.py, verdict.py    scores of taught signs; whether a sign may be taught
signs.py, store.py           what is kept, and where
seeing.py                    between perceive and decide: scenes with the taught signs' scores
lesson.py, examples.py       five looks at a held sign; examples from files
"""
