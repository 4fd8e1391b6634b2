"""Our errors. Each message says what is wrong and what to do; none holds what a person wrote."""


class VelkommenError(Exception):
    """The root of all errors that we raise ourselves."""


class SettingError(VelkommenError):
    """A setting is missing or odd; the message names the variable and gives an example."""


class EngineError(VelkommenError):
    """The dialogue engine gave no usable answer (unreachable, slow, empty or malformed)."""


class ActError(VelkommenError):
    """What came from the dialogue engine is not one of our acts."""


class KnowledgeError(VelkommenError):
    """A knowledge file or entry is wrong: where, what, and the remedy."""

    def __init__(self, where: str, problem: str, remedy: str) -> None:
        super().__init__(f"{where}: {problem} {remedy}")
        self.where, self.problem, self.remedy = where, problem, remedy


class ChannelError(VelkommenError):
    """A message did not get through.

    permanent: nobody can be reached at this address; do not try again.
    retry_after: seconds the other side asked us to wait.
    maybe_sent: we do not know whether it arrived (a time-out after sending); never repeat it blindly.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        retry_after: float | None = None,
        maybe_sent: bool = False,
    ) -> None:
        super().__init__(message)
        self.permanent, self.retry_after, self.maybe_sent = permanent, retry_after, maybe_sent
