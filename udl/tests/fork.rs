//! A process that forks after it has used the library: the child's calls work, and so do the parent's.

#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod support;

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use kopokopo_ffi::{KopoKopo, runtime};
use nix::{
    sys::{
        signal::{Signal, kill},
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::{ForkResult, Pid, fork},
};
use support::{
    client, paid,
    server::{Act, Server},
};

const LONGEST: Duration = Duration::from_secs(20);

/// Runs `work` in a forked child, which must end in time and say that it worked.
fn in_a_child(work: impl FnOnce() -> bool) -> Pid {
    // SAFETY: the child runs only this library, whose way through a fork is what is tested here, and the allocator, which
    // the C library makes ready for a child. It leaves by `_exit`, so nothing of the test harness runs twice.
    match unsafe { fork() }.unwrap() {
        ForkResult::Parent { child } => child,
        ForkResult::Child => {
            let worked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).unwrap_or(false);
            // SAFETY: ends the child at once.
            unsafe { nix::libc::_exit(i32::from(!worked)) }
        }
    }
}

fn worked(child: Pid) -> bool {
    let began = Instant::now();
    while began.elapsed() < LONGEST {
        match waitpid(child, Some(WaitPidFlag::WNOHANG)).unwrap() {
            WaitStatus::StillAlive => std::thread::sleep(Duration::from_millis(5)),
            status => return status == WaitStatus::Exited(child, 0),
        }
    }
    kill(child, Signal::SIGKILL).unwrap();
    false
}

fn reads(client: &KopoKopo) -> bool {
    runtime::block_on(client.incoming_payments().get("p1".into())).is_ok()
}

/// A server on threads of its own, which no fork copies.
fn server() -> Server {
    let (send, receive) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            send.send(Server::with_token(|_, _| Act::Respond(paid())).await).unwrap();
            std::future::pending::<()>().await;
        });
    });
    receive.recv().unwrap()
}

#[test]
fn after_a_fork_parent_child_and_grandchild_all_go_on() {
    let server = server();
    let client = client(&server.base_url);
    assert!(reads(&client) && reads(&client));
    let child = in_a_child(|| {
        let grandchild = || in_a_child(|| reads(&client));
        reads(&client) && worked(grandchild()) && reads(&client)
    });
    assert!(worked(child));
    assert!(reads(&client));
}

#[test]
fn forks_in_the_middle_of_other_threads_calls_do_not_hang() {
    let server = server();
    let client = client(&server.base_url);
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    assert!(reads(&client));
                }
            });
        }
        let outcomes: Vec<bool> = (0..20).map(|_| worked(in_a_child(|| reads(&client)))).collect();
        is_over.store(true, Ordering::Relaxed);
        assert!(outcomes.iter().all(|worked| *worked), "{outcomes:?}");
    });
}

#[test]
fn a_child_can_shut_its_runtime_down_and_the_parent_keeps_its_own() {
    let server = server();
    let client = client(&server.base_url);
    assert!(reads(&client));
    let child = in_a_child(|| {
        let worked = reads(&client);
        runtime::shutdown();
        worked && !reads(&client)
    });
    assert!(worked(child));
    assert!(reads(&client));
}
