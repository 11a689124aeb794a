"""Quartermaster: fulfillment planning for all open orders at once, with a proof of how good the plan is."""
