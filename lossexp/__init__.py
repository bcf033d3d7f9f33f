"""lossexp: which loss should I train with? (TensorFlow, Keras, Hydra, MLflow)"""

__version__ = "0.1.0"
