"""A managed (lifecycle) node that activates itself, unless its parameter `autostart` is false.

The states are those of every managed node of ROS 2, and `ros2 lifecycle` or a lifecycle manager
changes them. https://design.ros2.org/articles/node_lifecycle.html
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from lifecycle_msgs.srv import ChangeState
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from std_srvs.srv import SetBool, Trigger

from hand_tracking_ros.ros.parameters import fixed
from hand_tracking_ros.ros.process import internal_error
from hand_tracking_ros.tracking.errors import InternalError, UserError

try:
    from hand_tracking_ros.ros.bond import Bond
except ImportError:  # the package bond is not installed: no manager that wants one is, either
    Bond = None

UNCONFIGURED, INACTIVE, ACTIVE, FINALIZED = 'unconfigured', 'inactive', 'active', 'finalized'


def autostart() -> Any:
    """The parameter, for the settings class of a managed node."""
    return fixed(
        True,
        'Configure and activate at the start. false: wait for `ros2 lifecycle set` or a lifecycle '
        'manager.',
    )


class ManagedNode(LifecycleNode, ABC):
    """What every managed node of this package shares; a subclass defines the four steps.

    Services `~/set_enabled` activates and deactivates, for those who have no lifecycle client, and
    `~/reset` calls `reset`.

    Attributes:
        state: UNCONFIGURED, INACTIVE, ACTIVE or FINALIZED.
        failure: why the last change of state failed; None if it did not.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.state = UNCONFIGURED
        self._is_started = False
        self._is_managed = False
        self.failure: UserError | InternalError | None = None
        self._bond: Any = None
        self._refuse_impossible_transitions()
        self.create_service(SetBool, '~/set_enabled', self._set_enabled)
        self.create_service(Trigger, '~/reset', self._reset)

    @abstractmethod
    def configure(self) -> None:
        """Load and advertise; a UserError tells what is missing."""

    @abstractmethod
    def activate(self) -> None:
        """Subscribe: the work begins."""

    @abstractmethod
    def deactivate(self) -> None:
        """Undo `activate`, also one that failed halfway."""

    @abstractmethod
    def cleanup(self) -> None:
        """Undo `configure`, also one that failed halfway."""

    @abstractmethod
    def reset(self) -> None:
        """Forget what earlier messages told."""

    def start(self, is_automatic: bool) -> None:
        """Configure and activate, or leave that to others.

        Raises:
            UserError: something that the node needs is missing.
            InternalError: a step failed in a way that nobody expected; the log has it.
        """
        self._is_managed = not is_automatic
        if is_automatic:
            self._enable()
            if self.failure:
                raise self.failure
        self._is_started = True

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Serve the transition."""
        return self._change(INACTIVE, self.configure, self.cleanup)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Serve the transition."""
        result = self._change(ACTIVE, self.activate, self.deactivate)
        if result == TransitionCallbackReturn.SUCCESS and self._is_managed:
            self._form_bond()
        return result

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Serve the transition."""
        self._break_bond()
        return self._change(INACTIVE, self.deactivate)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Serve the transition."""
        return self._change(UNCONFIGURED, self.cleanup)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Serve the transition."""
        return self._change(FINALIZED, self._stop)

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Return to the beginning after a step failed in a way that nobody expected."""
        try:
            self._stop()
        except Exception as error:
            internal_error(self.get_name(), error)
            self.state = FINALIZED
            return TransitionCallbackReturn.FAILURE
        self.state = UNCONFIGURED
        return TransitionCallbackReturn.SUCCESS

    def destroy_node(self) -> None:
        """Leave the graph; a manager learns at once that this node is gone."""
        self._break_bond()
        super().destroy_node()

    def _stop(self) -> None:
        self._break_bond()
        self.deactivate()
        self.cleanup()

    def _change(
        self, state: str, step: Callable[[], None], undo: Callable[[], None] | None = None
    ) -> TransitionCallbackReturn:
        """Go to another state, or say why that is impossible and undo what was done of it."""
        try:
            step()
        except UserError as error:
            self.failure = error
            if self._is_started:  # else the program ends with this error
                self.get_logger().error(f'Stays {self.state}: {error}')
            if undo:
                undo()
            return TransitionCallbackReturn.FAILURE
        except Exception as error:
            self.failure = internal_error(self.get_name(), error)
            return TransitionCallbackReturn.ERROR
        self.failure = None
        self.state = state
        if self._is_started:
            self.get_logger().info(f'Is {state}')
        return TransitionCallbackReturn.SUCCESS

    def _refuse_impossible_transitions(self) -> None:
        """Answer a transition that the state does not allow; rclpy (7.1) raises, and ends the node.

        A lifecycle manager asks for one when it configures a node that activated itself.
        """
        (service,) = (s for s in self.services if s.srv_name.endswith('/change_state'))
        change = service.callback

        def change_or_refuse(
            request: ChangeState.Request, response: ChangeState.Response
        ) -> ChangeState.Response:
            try:
                return change(request, response)
            except RuntimeError:  # what rclpy raises is one; steps that fail are told otherwise
                transition = request.transition.label or request.transition.id
                self.get_logger().error(f'Stays {self.state}: no transition {transition} from here')
                response.success = False
                return response

        service.callback = change_or_refuse

    def _enable(self) -> None:
        """Activate, as far as that is possible."""
        if self.state == UNCONFIGURED:
            self.trigger_configure()
        if self.state == INACTIVE:
            self.trigger_activate()

    def _set_enabled(
        self, request: SetBool.Request, response: SetBool.Response
    ) -> SetBool.Response:
        if request.data:
            self._enable()
        elif self.state == ACTIVE:
            self.trigger_deactivate()
        response.success = (self.state == ACTIVE) == request.data
        response.message = f'The node is {self.state}'
        if not response.success and self.failure:
            response.message += f': {self.failure}'
        return response

    def _reset(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self.reset()
        response.success, response.message = True, 'What earlier messages told is forgotten'
        return response

    def _form_bond(self) -> None:
        """Let a lifecycle manager notice when this process dies, if the messages are installed."""
        if Bond is not None:
            self._bond = Bond(self)

    def _break_bond(self) -> None:
        if self._bond is not None:
            self._bond.close()
            self._bond = None
