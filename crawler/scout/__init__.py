"""What `nianbao portals add` finds out about a portal that nobody described.

`model` holds the values; `recognise`, `leads`, `induce` and `facts` are pure: pages in, values out, no network, no clock,
nothing raised for odd input. What fetches and asks stands beside them (`survey`).
"""
