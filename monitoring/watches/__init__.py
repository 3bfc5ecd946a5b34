"""What the desk looks out for: rules written, tried, judged and cared for."""
