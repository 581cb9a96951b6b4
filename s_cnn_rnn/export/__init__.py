"""Finished runs as artefacts that run elsewhere: photograph in, text out, search inside.

`exporting.export_run` writes and compares; `formats.FORMATS` is the table of formats;
`whole_model.WholeModel` is what all of them are made of.
"""

from s_cnn_rnn.export.exporting import ExportDiffers, Gate, export_run, report_text
from s_cnn_rnn.export.formats import FORMATS
from s_cnn_rnn.export.label_choice import CHOICES

__all__ = ["CHOICES", "FORMATS", "ExportDiffers", "Gate", "export_run", "report_text"]
