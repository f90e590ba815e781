# Sourced by `setup` and `run`: decides which ROS 2 the environment belongs to, names its folders,
# and puts it on the search paths. Changes nothing on disk.

checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

fail() { # WHAT_HAPPENED WHAT_TO_DO
  printf 'error: %s\n  %s\n' "$1" "$2" >&2
  exit 1
}

# The prefix of a ROS 2 that the user has sourced; empty where there is none. Our own wheels lie in
# a virtual environment: when this runs inside `environment/run`, they are no ROS 2 of the user.
sourced_ros_prefix() {
  local prefix
  [ -n "${ROS_DISTRO:-}" ] || return 0
  while IFS= read -r -d ':' prefix; do
    if [ -e "$prefix/share/rclpy/package.xml" ] && [ ! -e "$prefix/pyvenv.cfg" ]; then
      printf '%s' "$prefix"
      return 0
    fi
  done <<<"${AMENT_PREFIX_PATH:-}:"
}

ros_prefix=$(sourced_ros_prefix)
distro=${ROS_DISTRO:-jazzy}
folder=$checkout/.environment/$distro
venv=$folder/python

if [ -z "$ros_prefix" ] && [ ! -e "$checkout/environment/requirements-ros-$distro.txt" ]; then
  fail "ROS_DISTRO is '$distro', but no ROS 2 is sourced, and there are wheels of jazzy and kilted only." \
    "Source the ROS 2 you have (. /opt/ros/$distro/setup.bash), or unset ROS_DISTRO to get jazzy."
fi

add_library_folders() { # FOLDER..., which need not exist
  local folder
  for folder in "$@"; do
    [ ! -d "$folder" ] || LD_LIBRARY_PATH=$folder${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
  done
  export LD_LIBRARY_PATH
}

activate_python() {
  unset PYTHONHOME
  export VIRTUAL_ENV=$venv PATH="$venv/bin:$PATH"
  # CUDA and cuDNN, where they came with onnxruntime-gpu.
  add_library_folders "$venv"/lib/python3.*/site-packages/nvidia/*/lib
  [ -z "$ros_prefix" ] || return 0
  # What a ROS 2 installation's setup.bash does, for the wheels. They keep the libraries that they
  # bundle beside their Python modules. What an outer environment left is dropped, not mixed in.
  unset PYTHONPATH COLCON_PREFIX_PATH
  export ROS_DISTRO=$distro ROS_VERSION=2 ROS_PYTHON_VERSION=3 RMW_IMPLEMENTATION=rmw_fastrtps_cpp
  export AMENT_PREFIX_PATH=$venv CMAKE_PREFIX_PATH=$venv
  add_library_folders "$venv"/lib/python3.*/site-packages/ros_*.libs "$venv/lib"
  # The wheels' own way to the same: they start every Python twice, and shuffle LD_LIBRARY_PATH.
  export _ROS_WHEELS_BOOTSTRAP_COMPLETE=1
}

activate_workspace() {
  local nounset=$-
  set +u # colcon's script reads variables that are not set
  # The interpreter behind the virtual environment: colcon's script fails on a path with spaces.
  # shellcheck disable=SC1091
  COLCON_PYTHON_EXECUTABLE=$(readlink -f "$venv/bin/python3") . "$folder/install/local_setup.bash"
  [[ $nounset != *u* ]] || set -u
  if [ -z "$ros_prefix" ]; then
    export AMENT_PREFIX_PATH="${AMENT_PREFIX_PATH%:"$venv"}:$venv"
  fi
  export PATH="$folder/install/hand_tracking_ros/lib/hand_tracking_ros:$PATH"
}
