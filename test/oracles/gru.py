"""Gated recurrent units by their equations, one frame after the other."""

import torch


def gru_states(x, input_weight, hidden_weight, input_bias, hidden_bias):
    """(T, D) of one sequence -> (T, H), from a state of zeros (Cho et al. 2014, as cuDNN has it).

    Weights are (3 * H, D) and (3 * H, H), biases (3 * H,): reset, update, new.
    """
    state, states = torch.zeros(hidden_weight.size(1), dtype=x.dtype), []
    for frame in x:
        from_input = (input_weight @ frame + input_bias).chunk(3)
        from_state = (hidden_weight @ state + hidden_bias).chunk(3)
        reset = torch.sigmoid(from_input[0] + from_state[0])
        update = torch.sigmoid(from_input[1] + from_state[1])
        new = torch.tanh(from_input[2] + reset * from_state[2])
        state = (1 - update) * new + update * state
        states.append(state)
    return torch.stack(states)
