"""Who people are: registration, passwords, sessions."""
