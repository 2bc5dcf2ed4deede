"""What a check run says of a proposed policy."""
