"""The JSON that webhooks and REST share, and the domain's value for each.

Never a shape that one client alone reads, which is beside that client, or deliveries alone:
`gate.githubapp.webhooks.shapes`. Fields that are not named are ignored: GitHub adds some without
notice, and real deliveries carry fields that its published schema forbids. Statuses, conclusions
and events stay texts, since GitHub adds values.
"""
