"""Least-privilege policies, printed by `ml-insights iam-policy`; each action has a reason.

What belongs here: who needs which action on which resource, and why. What does not: making roles:
that is done by whoever runs the account.

A resource is `*` only where AWS has no narrower one for the action, and then the reason says so.
"""
