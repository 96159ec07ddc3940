"""Measurements: run by hand or by CI's slow lane, never by the test suite. Each module but `launch` serves `launch`."""
