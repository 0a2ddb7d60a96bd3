"""mini_coco: pictures of simple scenes, and speech about them and about nothing, made here."""

from espnet_av.corpora.mini_coco.build import build_mini_coco
from espnet_av.corpora.mini_coco.config import MiniCocoConfig
from espnet_av.corpora.mini_coco.prepare import prepare_mini_coco

__all__ = ["MiniCocoConfig", "build_mini_coco", "prepare_mini_coco"]
