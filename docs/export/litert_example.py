"""Picture files -> texts, by LiteRT, NumPy and Pillow alone.

python litert_example.py exported/ours.tflite dog.jpg beach.png
"""

import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from PIL import Image, ImageOps

annotate = Interpreter(sys.argv[1]).get_signature_runner("serving_default")
for name in sys.argv[2:]:
    picture = ImageOps.exif_transpose(Image.open(name)).convert("RGBA")  # upright
    white = Image.new("RGBA", picture.size, "white")
    picture = Image.alpha_composite(white, picture).convert("RGB")  # as the run reads it
    words = annotate(image=np.asarray(picture)[np.newaxis])["words"]  # resized inside
    print(f"{name}: {' '.join(word.decode('utf-8') for word in words if word)}")
