"""Displays: functions of events."""
