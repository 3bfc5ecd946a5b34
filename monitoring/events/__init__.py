"""Many mentions of the same thing: joined, taken apart, tended, forecast, linked with cases."""
