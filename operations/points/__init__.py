"""The settings of points: kinds, rollovers and numbers of state texts."""
