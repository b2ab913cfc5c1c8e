"""Other registries that know a grievance: CPGRAMS, the portal for delayed payments, Udyam."""
