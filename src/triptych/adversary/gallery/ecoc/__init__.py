"""Error-correcting output codes: many bits in the place of ten scores (Verma and Swami 2019)."""
