"""Share work among the nodes of one PostgreSQL database: hints as jobs of Procrastinate.

Nothing else imports Procrastinate. What the jobs lead to is in `gate.reconciler`; the rows that
they hint at are in `gate.store`. See docs/adr/0023.
"""
