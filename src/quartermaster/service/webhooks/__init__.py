"""Telling others of events: signed, in order, at least once, and only to hosts that are allowed.

    settings     which hosts, how often, how long
    secrets      the key that is kept in a file, and the secret of each webhook that is derived from it
    targets      where a URL leads: allowed, and at which address
    signature    the headers that a receiver checks
    post         one attempt to send one event
    sender       which webhook is due, what it is told, and when it is tried again

Nothing here asks the network for anything before a host is allowed by name.
"""
