//! A tiny city is one that the program accepts: it answers, verifies its chains, and goes on from there.
