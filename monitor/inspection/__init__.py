"""`nianbao portals check`: whether portals can be read live as their files say. Nothing of it enters the record.

`inspect` makes a short pass over each portal in a folder that is thrown away, and says what it came to; `judge` what that means
and what to do; `memory` keeps what the last check saw; `model` holds the values.
"""
