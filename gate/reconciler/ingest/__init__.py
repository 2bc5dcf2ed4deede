"""Turn what arrives (deliveries, comments, reports) into facts and name what is due because of it.

Nothing here calls GitHub or decides, except that commands look up who wrote them. Deciding is next
door, in `gate.reconciler.requests`.
"""
