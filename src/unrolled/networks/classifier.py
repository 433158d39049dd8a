"""A recurrent network that reads words and gives one logit: embedding, cell, readout."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from .base import Cell
from .cells import make_cell, single


@dataclass(frozen=True)
class Network:
    """Embedding, recurrent cell, first state and linear readout.

    Parameters
    ----------
    cell : Cell
    embedding : ndarray of shape (vocabulary, m)
        One input vector for each word id; 0 is padding, 1 the unknown word.
    initial_state : ndarray of shape (d,)
    readout : ndarray of shape (d,)
        Acts on the whole state; the LSTM's is read from ``[h; c]``.
    readout_bias : float
    metadata : mapping
        What is known about the network, as JSON would hold it.

    Raises
    ------
    ValueError
        If the shapes do not fit together.
    """

    cell: Cell
    embedding: np.ndarray
    initial_state: np.ndarray
    readout: np.ndarray
    readout_bias: float
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the shapes; keep float64 arrays."""
        size = (self.cell.state_size,)
        expected = {
            "embedding": (len(self.embedding), self.cell.inputs),
            "initial_state": size,
            "readout": size,
        }
        for key, shape in expected.items():
            values = np.asarray(getattr(self, key), dtype=np.float64)
            if values.shape != shape:
                raise ValueError(
                    f"The {key} of a network with this {self.cell.name} cell has the shape "
                    f"{shape}, not {values.shape}."
                )
            object.__setattr__(self, key, values)
        object.__setattr__(self, "readout_bias", float(self.readout_bias))

    @property
    def vocabulary(self) -> int:
        """Number of word ids that the embedding knows."""
        return len(self.embedding)

    @property
    def state_size(self) -> int:
        """Entries of the state, d."""
        return self.cell.state_size

    def parameters(self) -> dict[str, np.ndarray]:
        """Everything that is trained, by name; the cell's own under ``cell.<name>``."""
        cell = {f"cell.{key}": value for key, value in self.cell.parameters.items()}
        return cell | {
            "embedding": self.embedding,
            "initial_state": self.initial_state,
            "readout": self.readout,
            "readout_bias": np.array([self.readout_bias]),
        }

    def with_parameters(
        self, parameters: Mapping[str, np.ndarray], *, metadata: Mapping[str, Any]
    ) -> "Network":
        """A network of the same kind with other values; the inverse of `parameters`."""
        cell = {key: parameters[f"cell.{key}"] for key in self.cell.parameters}
        return Network(
            cell=replace(self.cell, parameters=cell),
            embedding=parameters["embedding"],
            initial_state=parameters["initial_state"],
            readout=parameters["readout"],
            readout_bias=float(np.asarray(parameters["readout_bias"]).item()),
            metadata=metadata,
        )

    def states(self, tokens: np.ndarray) -> np.ndarray:
        """States after each word.

        Parameters
        ----------
        tokens : int ndarray of shape (n, T)
            Padded documents; what comes out after a document's end has no meaning.

        Returns
        -------
        states : ndarray of shape (n, T, d)
            ``h_1`` to ``h_T``; the first state ``h_0`` is `initial_state`.

        Raises
        ------
        ValueError
            If a token is not in the vocabulary.
        """
        tokens = np.asarray(tokens)
        states = np.empty((*tokens.shape, self.state_size))
        for time, current in enumerate(self._run(tokens)):
            states[:, time] = current
        return states

    def logits(self, states: np.ndarray) -> np.ndarray:
        """Readout of states (..., d) to (...): positive means the positive class."""
        return states @ self.readout + self.readout_bias

    def final_logits(self, documents: Sequence[np.ndarray], *, batch: int = 256) -> np.ndarray:
        """Logit after each document's last word.

        Parameters
        ----------
        documents : sequence of int ndarrays
            Word ids, none empty.
        batch : int
            Documents run side by side, those of similar length together.

        Returns
        -------
        logits : ndarray of shape (n,)

        Raises
        ------
        ValueError
            If a document is empty or a token is not in the vocabulary.
        """
        lengths = np.array([len(document) for document in documents], dtype=np.int64)
        if len(lengths) and lengths.min() < 1:
            raise ValueError(
                f"Document {int(lengths.argmin())} is empty; a logit is read after the last "
                "word. Drop empty documents first."
            )
        order = np.argsort(lengths, kind="stable")
        logits = np.empty(len(lengths))
        for first in range(0, len(order), batch):
            chosen = order[first : first + batch]
            tokens = np.zeros((len(chosen), lengths[chosen].max()), dtype=np.int64)
            for row, index in enumerate(chosen):
                tokens[row, : lengths[index]] = documents[index]
            for time, current in enumerate(self._run(tokens), start=1):
                ended = lengths[chosen] == time
                if ended.any():
                    logits[chosen[ended]] = self.logits(current[ended])
        return logits

    def _run(self, tokens: np.ndarray):
        """Yield the states (n, d) after each time."""
        words, places = np.unique(tokens, return_inverse=True)
        if len(words) and not (words[0] >= 0 and words[-1] < self.vocabulary):
            worst = words[-1] if words[-1] >= self.vocabulary else words[0]
            raise ValueError(
                f"Token id {worst} is not in the network's vocabulary of {self.vocabulary} words "
                f"(ids 0 to {self.vocabulary - 1}). Use the corpus that it was trained on."
            )
        # Each different word meets the input matrix once.
        drive = self.cell.drive(self.cell.parameters, self.embedding[words])
        places = places.reshape(tokens.shape)
        states = np.broadcast_to(self.initial_state, (len(tokens), self.state_size))
        for time in range(tokens.shape[1]):
            states, _ = self.cell.advance(self.cell.parameters, states, drive[places[:, time]])
            yield states


def make_network(
    cell_name: str,
    *,
    units: int,
    embedding: int,
    vocabulary: int,
    embedding_scale: float,
    rng: np.random.Generator,
    nonlinearity: str = "tanh",
    metadata: Mapping[str, Any] | None = None,
) -> Network:
    """A new, untrained network.

    Embedding Gaussian with standard deviation ``embedding_scale``; cell as `make_cell`;
    readout Glorot-normal; first state and readout bias 0.

    Parameters
    ----------
    cell_name : str
    units : int
        Hidden units N.
    embedding : int
        Entries of a word's vector, m.
    vocabulary : int
        Word ids, padding and unknown included.
    embedding_scale : float
    rng : numpy.random.Generator
    nonlinearity : {"tanh", "relu"}
        Of the cell's candidate.
    metadata : mapping, optional
        Added to the sizes and the scale, which are always noted.

    Raises
    ------
    ValueError
        If the name of the cell or of the nonlinearity is unknown, or a size not positive.
    """
    if vocabulary < 2:
        raise ValueError(
            f"A vocabulary holds at least padding (0) and the unknown word (1), not {vocabulary}."
        )
    cell = make_cell(cell_name, units=units, inputs=embedding, rng=rng, nonlinearity=nonlinearity)
    table = single(embedding_scale * rng.standard_normal((vocabulary, embedding)))
    glorot = np.sqrt(2.0 / (cell.state_size + 1))
    readout = single(glorot * rng.standard_normal(cell.state_size))
    sizes = {
        "cell": cell_name,
        "units": units,
        "embedding": embedding,
        "vocabulary": vocabulary,
        "embedding_scale": embedding_scale,
    }
    return Network(
        cell=cell,
        embedding=table,
        initial_state=np.zeros(cell.state_size),
        readout=readout,
        readout_bias=0.0,
        metadata=sizes | dict(metadata or {}),
    )
