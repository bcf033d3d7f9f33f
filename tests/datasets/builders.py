"""Small TFDS builders of real data: their files are as those of any TFDS dataset, without a download."""

import numpy as np
import tensorflow_datasets as tfds
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits

PIXELS = (load_digits().images * 15).astype(np.uint8)[..., None]
DIGITS = load_digits().target


class Small(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """200 training and 100 test examples of the class attributes `FEATURES` and `ARRAYS`."""

    VERSION = tfds.core.Version("1.0.0")
    FEATURES: tfds.features.FeaturesDict
    ARRAYS: tuple
    SUPERVISED = ("input", "label")

    def _info(self):
        return self.dataset_info_from_configs(features=self.FEATURES, supervised_keys=self.SUPERVISED)

    def _split_generators(self, dl_manager):
        return {
            "train": self._generate_examples(range(200)),
            "test": self._generate_examples(range(200, 300)),
        }

    def _generate_examples(self, positions):
        inputs, labels = self.ARRAYS
        for i in positions:
            yield i, {"input": inputs[i], "label": labels[i]}


# Not registered with TFDS: only their prepared files can be found.
class SmallDigits(Small, skip_registration=True):
    FEATURES = tfds.features.FeaturesDict(
        {
            "input": tfds.features.Image(shape=(8, 8, 1)),
            "label": tfds.features.ClassLabel(num_classes=10),
        }
    )
    ARRAYS = (PIXELS, DIGITS)


class SmallTumours(Small, skip_registration=True):
    FEATURES = tfds.features.FeaturesDict(
        {
            "input": tfds.features.Tensor(shape=(30,), dtype=np.float32),
            "label": tfds.features.ClassLabel(names=["malignant", "benign"]),
        }
    )
    ARRAYS = (load_breast_cancer().data.astype(np.float32), load_breast_cancer().target)


class SmallDiabetes(Small, skip_registration=True):
    FEATURES = tfds.features.FeaturesDict(
        {
            "input": tfds.features.Tensor(shape=(10,), dtype=np.float32),
            "label": tfds.features.Scalar(np.float32),
        }
    )
    ARRAYS = (load_diabetes().data.astype(np.float32), load_diabetes().target.astype(np.float32))


class AnySize(SmallDigits, skip_registration=True):
    FEATURES = tfds.features.FeaturesDict(
        {
            "input": tfds.features.Image(shape=(None, None, 1)),
            "label": tfds.features.ClassLabel(num_classes=10),
        }
    )


class Unsupervised(SmallDigits, skip_registration=True):
    SUPERVISED = None


# Registered, so that TFDS can prepare it when asked to.
class DigitsOnDemand(Small):
    FEATURES = SmallDigits.FEATURES
    ARRAYS = SmallDigits.ARRAYS


PREPARED = (SmallDigits, SmallTumours, SmallDiabetes, AnySize, Unsupervised)
