"""Stage 3, images: detectors' features or pictures to archives of regions and boxes."""
