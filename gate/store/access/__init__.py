"""Who may read: sign-ins under way, sessions, API tokens, and what each person may see.

No secret is stored that could be used as it is: tokens of ours are hashed, GitHub's are encrypted.
What is seen belongs to the rooms of the subjects; they narrow their queries by `only_visible`.
"""
