"""Stands in for CPGRAMS, whose own interface is not public: registers, finds, lists and closes grievances."""
