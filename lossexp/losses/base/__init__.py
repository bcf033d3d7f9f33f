"""What losses share: the contract, declared parameters, label encodings, class weights and counts."""
