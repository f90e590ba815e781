"""Errors that a user can cause and mend: programs print them as one line, without a traceback."""


class UserError(Exception):
    """Something the user gave or lacks; the message says what was found and what to do."""


class ModelError(UserError):
    """A model file is missing, unreadable or not the one expected."""


class InternalError(Exception):
    """A program cannot go on, and it is not the user's fault; its log says why."""


def first_line(error: BaseException) -> str:
    """What an exception says, on one line: the messages of libraries may go on for pages."""
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip('.')
