"""What the board is measured against, each in its usual form and a process of its own."""
