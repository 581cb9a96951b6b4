"""JPEG files -> texts, by a SavedModel and TensorFlow alone.

python saved_model_example.py exported/ours dog.jpg beach.png
"""

import pathlib
import sys

import tensorflow as tf

model = tf.saved_model.load(sys.argv[1])
annotate = model.signatures["serving_default"]
for name in sys.argv[2:]:
    content = pathlib.Path(name).read_bytes()  # turned upright, resized and annotated inside
    outputs = annotate(jpeg=tf.constant([content]))
    print(f"{name}: {outputs['text'].numpy()[0].decode('utf-8')}")
