"""How grave an event is, who is told of it, and how good the grades have been."""
