"""Pictures of losses themselves: value and gradient over margins, probabilities or errors."""
