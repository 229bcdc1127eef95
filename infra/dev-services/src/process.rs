//! A child process that does not outlive its owner.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{self, Child, Command, ExitStatus, Stdio};
use std::sync::LazyLock;
use std::sync::mpsc::{self, Sender, SyncSender};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getppid, setsid};

use super::ServiceError;
use super::log_file::LogFile;
use super::polling::poll_until;
use super::service_user::{ServiceUser, display_name};

/// Pause between two looks at whether a child has ended.
const EXIT_POLL: Duration = Duration::from_millis(10);
/// How long the kernel may take to end a killed process.
const KILL_DEADLINE: Duration = Duration::from_secs(10);

/// What to execute, and how.
#[derive(Clone, Debug)]
pub(crate) struct Launch {
    /// Name for messages, as in "Kafka node 1".
    pub(crate) service: String,
    /// The program's path.
    pub(crate) program: PathBuf,
    /// Its arguments.
    pub(crate) arguments: Vec<OsString>,
    /// Variables set in addition to the inherited environment.
    pub(crate) environment: Vec<(&'static str, OsString)>,
    /// Working directory; the child's user must be able to enter it.
    pub(crate) working_dir: PathBuf,
    /// Receives standard output and standard error.
    pub(crate) log: LogFile,
    /// The user to drop to; `None` keeps the current one.
    pub(crate) run_as: Option<ServiceUser>,
    /// Ends the child in order.
    pub(crate) stop_signal: Signal,
    /// How long the child may take for that before it is killed.
    pub(crate) stop_grace: Duration,
    /// Sent by the kernel when this process dies first (Linux only).
    pub(crate) orphan_signal: Signal,
}

/// A running child process; dropping it stops it in order.
#[derive(Debug)]
pub(crate) struct ChildProcess {
    child: Child,
    launch: Launch,
}

impl ChildProcess {
    /// Executes `launch` in a session of its own, so that an interrupt typed
    /// at the terminal reaches this process alone, which then stops its
    /// servers in its own order.
    pub(crate) fn spawn(launch: Launch) -> Result<Self, ServiceError> {
        let output = launch.log.open()?;
        let errors = output.try_clone().map_err(super::error::file_error("open", launch.log.path()))?;
        let mut command = Command::new(&launch.program);
        command
            .args(&launch.arguments)
            .envs(launch.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(&launch.working_dir)
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors);
        if let Some(user) = &launch.run_as {
            // As root this also clears the supplementary groups.
            command.uid(user.uid).gid(user.gid);
        }
        bind_to_this_process(&mut command, launch.orphan_signal);
        let child = spawn_from_lasting_thread(command).map_err(|source| ServiceError::Spawn {
            program: launch.program.clone(),
            user: display_name(launch.run_as.as_ref()),
            source,
        })?;
        Ok(Self { child, launch })
    }

    /// How the child ended; `None` while it runs.
    pub(crate) fn exit_status(&mut self) -> Option<ExitStatus> {
        // The only failure is that the child was already waited for.
        self.child.try_wait().ok().flatten()
    }

    /// Waits for the child to end by itself, for at most `within`.
    pub(crate) fn wait(&mut self, within: Duration) -> Option<ExitStatus> {
        poll_until(within, EXIT_POLL, || self.exit_status())
    }

    /// Sends `signal` unless the child has ended.
    pub(crate) fn signal(&mut self, signal: Signal) {
        // A child not yet waited for keeps its process id, so the signal
        // cannot reach a stranger.
        if self.exit_status().is_none()
            && let Ok(id) = i32::try_from(self.child.id())
            && let Err(error) = kill(Pid::from_raw(id), signal)
        {
            tracing::warn!(
                service = self.launch.service,
                %signal,
                %error,
                "cannot signal the child process"
            );
        }
    }

    /// Asks the child to end in order, without waiting.
    pub(crate) fn request_stop(&mut self) {
        self.signal(self.launch.stop_signal);
    }

    /// Sends `signal`, waits up to `grace` for the child to end, and kills it
    /// if it has not.
    pub(crate) fn stop(&mut self, signal: Signal, grace: Duration) {
        self.signal(signal);
        if self.wait(grace).is_some() {
            return;
        }
        tracing::warn!(
            service = self.launch.service,
            seconds = grace.as_secs(),
            "the child process did not stop in time and is killed"
        );
        self.signal(Signal::SIGKILL);
        if self.wait(KILL_DEADLINE).is_none() {
            tracing::error!(service = self.launch.service, pid = self.child.id(), "the child process survives SIGKILL");
        }
    }

    /// The error for a child that ended by itself.
    pub(crate) fn exited(&self, status: ExitStatus) -> ServiceError {
        ServiceError::Exited {
            service: self.launch.service.clone(),
            status,
            log: self.launch.log.path().to_owned(),
            tail: self.launch.log.tail(),
        }
    }

    /// The error for a child that did not become ready within `waited`.
    pub(crate) fn not_ready(&self, waited: Duration) -> ServiceError {
        ServiceError::NotReady {
            service: self.launch.service.clone(),
            seconds: waited.as_secs(),
            log: self.launch.log.path().to_owned(),
            tail: self.launch.log.tail(),
        }
    }
}

impl Drop for ChildProcess {
    fn drop(&mut self) {
        self.stop(self.launch.stop_signal, self.launch.stop_grace);
    }
}

/// Runs a tool to its end.
pub(crate) fn run_to_completion(launch: Launch, within: Duration) -> Result<(), ServiceError> {
    let mut child = ChildProcess::spawn(launch)?;
    match child.wait(within) {
        Some(status) if status.success() => Ok(()),
        Some(status) => Err(child.exited(status)),
        None => Err(child.not_ready(within)),
    }
}

/// Makes the child lead its own session and receive `orphan_signal` when this
/// process dies.
#[expect(
    unsafe_code,
    reason = "a signal on the parent's death can only be requested by the child itself, \
              between fork and exec"
)]
fn bind_to_this_process(command: &mut Command, orphan_signal: Signal) {
    let parent = process::id();
    let prepare = move || {
        setsid()?;
        // The standard library has changed the user before this runs; changing
        // it later would clear the request.
        #[cfg(target_os = "linux")]
        nix::sys::prctl::set_pdeathsig(orphan_signal)?;
        #[cfg(not(target_os = "linux"))]
        let _ = orphan_signal;
        // The parent may have died before the request was made.
        if u32::try_from(getppid().as_raw()) == Ok(parent) {
            Ok(())
        } else {
            Err(io::Error::from_raw_os_error(libc::ESRCH))
        }
    };
    // SAFETY: after a fork in a process with several threads only
    // async-signal-safe work is allowed. The closure makes the plain system
    // calls setsid, prctl and getppid on values captured beforehand, and the
    // errors it returns hold a number: no allocation, no lock.
    unsafe {
        command.pre_exec(prepare);
    }
}

/// A command to spawn, and where to report the outcome.
struct SpawnRequest {
    command: Command,
    outcome: SyncSender<io::Result<Child>>,
}

/// Spawns `command` from the one thread that lives as long as this process.
///
/// The kernel sends the signal on the parent's death when the spawning
/// *thread* ends. A server started from a test's or a worker's thread would be
/// stopped when that thread finishes.
fn spawn_from_lasting_thread(command: Command) -> io::Result<Child> {
    static SPAWNER: LazyLock<Option<Sender<SpawnRequest>>> = LazyLock::new(|| {
        let (sender, requests) = mpsc::channel::<SpawnRequest>();
        thread::Builder::new()
            .name("spawner".to_owned())
            .spawn(move || {
                for mut request in requests {
                    // The requester waits for the outcome; it cannot be gone.
                    let _ = request.outcome.send(request.command.spawn());
                }
            })
            .ok()
            .map(|_| sender)
    });
    let unavailable = || io::Error::other("no thread to start processes from");
    let (outcome, received) = mpsc::sync_channel(1);
    SPAWNER.as_ref().ok_or_else(unavailable)?.send(SpawnRequest { command, outcome }).map_err(|_| unavailable())?;
    received.recv().map_err(|_| unavailable())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;

    fn shell(script: &str, dir: &Path) -> Launch {
        Launch {
            service: "sh".to_owned(),
            program: "/bin/sh".into(),
            arguments: vec!["-c".into(), script.into()],
            environment: vec![("GREETING", "hello".into())],
            working_dir: "/".into(),
            log: LogFile::at_end_of(&dir.join("sh.log")),
            run_as: None,
            stop_signal: Signal::SIGTERM,
            stop_grace: Duration::from_secs(10),
            orphan_signal: Signal::SIGKILL,
        }
    }

    /// A child that has written `ready` to its log.
    fn started(script: &str, dir: &Path) -> ChildProcess {
        let child = ChildProcess::spawn(shell(script, dir)).unwrap();
        let log = dir.join("sh.log");
        poll_until(Duration::from_secs(10), EXIT_POLL, || {
            fs::read_to_string(&log).is_ok_and(|text| text.contains("ready")).then_some(())
        })
        .unwrap();
        child
    }

    #[test]
    fn output_and_status_of_a_failing_tool_are_reported() {
        let dir = tempfile::tempdir().unwrap();
        let error =
            run_to_completion(shell("echo $GREETING; echo world >&2; exit 3", dir.path()), Duration::from_secs(10))
                .unwrap_err()
                .to_string();
        assert!(error.contains("exit status: 3"), "{error}");
        assert!(error.ends_with("hello\nworld"), "{error}");
    }

    #[test]
    fn a_missing_program_is_reported() {
        let dir = tempfile::tempdir().unwrap();
        let mut launch = shell("", dir.path());
        launch.program = "/nonexistent/program".into();
        let error = ChildProcess::spawn(launch).unwrap_err();
        assert!(matches!(error, ServiceError::Spawn { .. }), "{error}");
    }

    #[test]
    fn a_child_outlives_the_thread_that_asked_for_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().to_owned();
        let mut child = thread::spawn(move || started("echo ready; exec sleep 600", &path)).join().unwrap();
        assert_eq!(child.wait(Duration::from_millis(100)), None);
        child.stop(Signal::SIGTERM, Duration::from_secs(10));
        assert!(child.exit_status().is_some());
    }

    #[test]
    fn a_child_that_ignores_the_signal_is_killed() {
        let dir = tempfile::tempdir().unwrap();
        let mut child = started("trap '' TERM; echo ready; while :; do sleep 1; done", dir.path());
        child.stop(Signal::SIGTERM, Duration::from_millis(100));
        assert_eq!(
            std::os::unix::process::ExitStatusExt::signal(&child.exit_status().unwrap()),
            Some(Signal::SIGKILL as i32)
        );
    }

    /// Names the directory that the owner below works in.
    const OWNER_DIR: &str = "SECONDWIND_TEST_OWNER_DIR";

    /// Runs only as the process that the next test kills.
    #[test]
    fn owner_to_be_killed() {
        if let Some(dir) = std::env::var_os(OWNER_DIR) {
            let mut child = started("echo $$ ready; exec sleep 600", Path::new(&dir));
            child.wait(Duration::from_mins(1));
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn children_end_when_their_owner_is_killed() {
        let dir = tempfile::tempdir().unwrap();
        let mut owner = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "process::tests::owner_to_be_killed"])
            .env(OWNER_DIR, dir.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let log = dir.path().join("sh.log");
        let child: u32 = poll_until(Duration::from_secs(10), EXIT_POLL, || {
            let text = fs::read_to_string(&log).ok()?;
            text.strip_suffix(" ready\n")?.parse().ok()
        })
        .unwrap();
        let lives = || {
            // The third field is the state; an ended process may stay a zombie
            // until its new parent looks.
            fs::read_to_string(format!("/proc/{child}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
        };
        assert!(lives());
        owner.kill().unwrap();
        owner.wait().unwrap();
        poll_until(Duration::from_secs(10), EXIT_POLL, || (!lives()).then_some(())).unwrap();
    }
}
