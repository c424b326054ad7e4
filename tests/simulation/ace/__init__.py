"""The upstream in virtual time: its book, its answers, its faults, and a session of requests without sockets.

values    the texts of readings, and which of them are numbers
points    the points of a site: when each is configured, and when it sends
readings  the readings of one site and UTC day, in versions
book      the truth: sites, points and readings, and when each version is visible
answers   the endpoints, and the bodies that they make of the book
faults    rates and times of faults, and their counts
broken    bodies as other people's programs write them
server    responses: answers, changed by faults
session   a session of requests that asks the server
"""
