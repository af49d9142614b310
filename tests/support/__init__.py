"""What tests stand on: real servers, real browsers, and what may be missing."""
