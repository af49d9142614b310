"""Drawings of a board and of its moods: as HTML, SVG and PNG, each a function of plain values."""
