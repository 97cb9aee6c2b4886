"""Fakes that the tests use and that people who build on triptych may use too."""
