"""Picture files -> texts, by onnxruntime, NumPy and Pillow alone.

python onnx_example.py exported/ours.onnx dog.jpg beach.png
"""

import sys

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

session = onnxruntime.InferenceSession(sys.argv[1])
for name in sys.argv[2:]:
    picture = ImageOps.exif_transpose(Image.open(name)).convert("RGBA")  # upright
    white = Image.new("RGBA", picture.size, "white")
    picture = Image.alpha_composite(white, picture).convert("RGB")  # as the run reads it
    [text] = session.run(["text"], {"image": np.asarray(picture)[np.newaxis]})  # resized inside
    print(f"{name}: {text[0]}")
