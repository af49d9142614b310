"""Pictures of every page, mail and file, to be looked at: `make pictures` fills pictures/."""
