"""Back-off n-grams scored as their definition says, from the text of the file."""

import math

import numpy as np


def random_arpa(path, tokens, order, seed=0, share=0.4):
    """Writes random n-grams: each beginning is there, many endings are not."""
    rng = np.random.default_rng(seed)
    words = tokens[1:-1]
    grams = [{(word,): None for word in (*words, "<s>", "</s>")}]
    for _ in range(order - 1):
        longer = {}
        for gram in grams[-1]:
            if gram[-1] != "</s>":
                longer |= {(*gram, word): None for word in (*words, "</s>") if rng.random() < share}
        grams.append(longer)
    lines = ["\\data\\", *(f"ngram {n}={len(table)}" for n, table in enumerate(grams, 1))]
    for n, table in enumerate(grams, 1):
        lines += ["", f"\\{n}-grams:"]
        for gram in table:
            weight = [] if n == order or rng.random() < 0.2 else [f"{-rng.random():.6f}"]
            lines.append("\t".join([f"{-3 * rng.random():.6f}", " ".join(gram), *weight]))
    path.write_text("\n".join([*lines, "", "\\end\\", ""]), encoding="utf-8")
    return path


def naive_score(path, tokens):
    """Function (text, token) -> natural log-probability, ids in `tokens`; -inf for no word."""
    entries, order = {}, 0
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.endswith("-grams:"):
            order = int(line[1 : line.index("-")])
        elif order and line and not line.startswith("\\"):
            fields = line.split()
            weight = float(fields[order + 1]) if len(fields) > order + 1 else 0.0
            entries[tuple(fields[1 : order + 1])] = (float(fields[0]), weight)

    def log10(history, word):
        if (*history, word) in entries:
            return entries[(*history, word)][0]
        if not history:
            return entries[("<unk>",)][0]
        return entries.get(history, (0.0, 0.0))[1] + log10(history[1:], word)

    def score(text, token):
        if token in (0, len(tokens) - 1):
            return -math.inf
        history = ("<s>", *(tokens[index] for index in text))
        return math.log(10) * log10(history[max(0, len(history) - order + 1) :], tokens[token])

    return score
