"""The published audio-only models, as `model_conf` of a training YAML."""

TEMPERATURE = {"start_temperature": 2.0, "temperature_decay": 0.999995}
LARGE_WAVE = {"norm": "layer_norm", "feature_grad_mult": 1.0}
BASE_WAVE = {"norm": "group_norm", "feature_grad_mult": 0.1}
BASE_ENCODER = {
    "num_layers": 12,
    "attention_heads": 12,
    "linear_units": 3072,
    "pre_norm": False,
    "layerdrop": 0.05,
}


def encoder(num_layers, linear_units, dropout_rate=0.0, layerdrop=0.0):
    return {
        "num_layers": num_layers,
        "attention_heads": 16,
        "linear_units": linear_units,
        "pre_norm": True,
        "dropout_rate": dropout_rate,
        "attention_dropout_rate": dropout_rate,
        "layerdrop": layerdrop,
    }


def xls_r(feature_size, num_layers, linear_units, projection_size, **memory):
    return {
        "audio_frontend_conf": LARGE_WAVE,
        "feature_size": feature_size,
        "dropout_rate": 0.0,
        "encoder_conf": {**encoder(num_layers, linear_units), **memory},
        "features_penalty": 0.0,
        "projection_size": projection_size,
        "quantizer": {**TEMPERATURE, "size": projection_size, "end_temperature": 0.1},
        "target_dropout_rate": 0.0,
    }


WAV2VEC2 = {
    "base": {
        "audio_frontend_conf": BASE_WAVE,
        "encoder_conf": BASE_ENCODER,
        "quantizer": {**TEMPERATURE, "size": 256, "end_temperature": 0.5},
    },
    "xls_r_300m": xls_r(1024, 24, 4096, 768),
    "xls_r_1b": xls_r(1280, 48, 5120, 1024, checkpoint_layers=True),
    "xls_r_2b": xls_r(1920, 48, 7680, 1024, checkpoint_layers=True),
}

HUBERT = {
    "base": {"audio_frontend_conf": BASE_WAVE, "encoder_conf": BASE_ENCODER},
    "large": {
        "audio_frontend_conf": LARGE_WAVE,
        "feature_size": 1024,
        "dropout_rate": 0.0,
        "encoder_conf": encoder(24, 4096),
        "features_penalty": 10.0,
        "projection_size": 768,
    },
    "xlarge": {
        "audio_frontend_conf": LARGE_WAVE,
        "feature_size": 1280,
        "dropout_rate": 0.0,
        "encoder_conf": encoder(48, 5120),
        "features_penalty": 10.0,
        "projection_size": 1024,
    },
}
