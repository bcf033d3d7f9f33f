"""A finished run's model from its weights, where it could not be saved whole: built anew as for its training."""

from __future__ import annotations

from pathlib import Path

import keras

from lossexp.base.blame import sentence
from lossexp.base.errors import InputError
from lossexp.config.job import Job
from lossexp.datasets.dataset import Dataset
from lossexp.experiment.parts import untried
from lossexp.models.preprocessing import served
from lossexp.models.saving import load_weights
from lossexp.process.runtime import runtime


def rebuilt(job: Job, dataset: Dataset, weights: Path) -> keras.Model:
    """The model of the run that `job` describes, on its dataset, with the weights of its file.

    Raises InputError where the model that is built now is not the one that was trained.
    """
    with runtime(job["seed"], job["trainer"]["precision"]):
        made = untried(job, dataset)
        made.model(dataset.train.x[:1])  # a subclass has its weights only then
        model = served(made.model, made.dataset, made.loss.link)
        try:
            load_weights(model, weights)
        except Exception as error:  # h5py's and Keras's, for other layers, other shapes or a damaged file
            raise InputError(
                f"{weights} does not fit the model that the run's config builds now: {sentence(error)}. Has its code "
                "changed since it was trained, or is the file damaged? rerun=true trains it again."
            ) from error
    return model
