"""One label in a process that has imported SQLModel and does nothing with it: the stack's floor."""

import runpy

import sqlmodel

runpy.run_module("benchmarks.baselines.one_label", {"sqlmodel": sqlmodel}, run_name="__main__")
