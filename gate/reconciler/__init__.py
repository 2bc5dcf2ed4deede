"""Bring every gate request to its answer: ingest, reconcile, dispatch, sweep.

The only place where facts, decision, plan and effects meet. Deliveries, timers and the sweeper all
end in `gate.reconciler.requests.reconcile`, and any of them may be lost or doubled.
"""
