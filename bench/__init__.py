"""Measurements: run by hand or by CI's slow lane, never by the test suite. The README says which module is a command and which serves one."""
