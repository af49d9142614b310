"""Mail: what a message says, when and whether it is sent, and how it is handed over."""
