"""Pull requests are told what the policy they propose is worth."""
