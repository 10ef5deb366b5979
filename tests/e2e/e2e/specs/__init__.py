"""Generated specs: the breadth of what a spec can say, valid by construction, the same for the same seed."""

from .choices import hostile_texts
from .generator import GeneratedSpec, generate
from .material import Material

__all__ = ["GeneratedSpec", "Material", "generate", "hostile_texts"]
