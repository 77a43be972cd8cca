//! What moves the world: requests, the controls, and time.

use std::{sync::Arc, time::Duration};

use crate::{app::App, samples, world::World};

impl App {
    /// Changes the world, then sees to what became due and what is to be sent.
    pub(crate) fn change<T>(self: &Arc<Self>, change: impl FnOnce(&mut World) -> T) -> T {
        let (answer, outgoing, due) = {
            let mut world = self.world();
            let answer = change(&mut world);
            (answer, world.take_outgoing(), world.is_anything_due())
        };
        self.dispatch(outgoing);
        if due {
            self.due.notify_one();
        }
        answer
    }

    /// Moves the clock ahead: everything that was due on the way happens, in its order.
    pub(crate) fn advance(self: &Arc<Self>, time: Duration) {
        self.change(|world| world.advance(time));
        self.moved.notify_waiters();
    }

    /// Sends a sample. Answers to how many.
    pub(crate) fn trigger(
        self: &Arc<Self>,
        topic: &str,
        url: Option<&str>,
        changes: &[(String, String)],
    ) -> Result<usize, String> {
        let mut sample = samples::get(topic)
            .ok_or_else(|| format!("topic: there is no {topic:?}; there are {}", samples::NAMES.join(", ")))?;
        for (path, value) in changes {
            samples::set(&mut sample, path, value)?;
        }
        Ok(self.change(|world| world.send_sample(topic, url, &sample)))
    }

    /// Lets things happen when they are due, for as long as the sandbox lives.
    pub(crate) async fn drive(self: Arc<Self>) {
        loop {
            let (next, outgoing) = {
                let mut world = self.world();
                (world.tick(), world.take_outgoing())
            };
            self.dispatch(outgoing);
            tokio::select! {
                () = self.due.notified() => {}
                () = sleep_for(next) => {}
            }
        }
    }
}

async fn sleep_for(time: Option<Duration>) {
    match time {
        Some(time) => tokio::time::sleep(time).await,
        None => std::future::pending().await,
    }
}
