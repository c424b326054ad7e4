"""The upstream in virtual time: its book, its answers, its faults, and a session of requests without sockets.

values    the texts of readings, and which of them are numbers
points    the points of a site: when each is configured, and when it sends
weather   the weather of a site
readings  the readings of one site and UTC day, in versions
days      how the readings of a day are drawn
book      the truth: sites, points and readings, and when each version is visible
pages     pages of readings, and their cursors
readings_endpoint, listings_endpoint  bodies of pages, with the faults of pages, and what they deliver
deliveries  what an answer carried to the product
faults    rates and times of faults, and their counts
broken    bodies as other people's programs write them
server    responses: answers of the endpoints, and failures
session   a session of requests that asks the server
client_world  a server and the product's client of it, for the tests
"""
