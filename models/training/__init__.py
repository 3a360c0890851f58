"""The recipe of the bundled speech model: corpus, features, train, export, evaluate."""
