//! Work that waits in line, taken many at a time.

use tokio::sync::{mpsc, watch};

use super::StoreError;

/// What may wait; one more is refused as [`StoreError::Busy`].
const WAITING: usize = 4096;

enum Message<T> {
    Work(T),
    /// Finish what was accepted before, and end.
    Close,
}

/// Where it is brought.
pub(super) struct Queue<T> {
    messages: mpsc::Sender<Message<T>>,
    /// Whoever works lets go of the other end when it has ended.
    working: watch::Sender<()>,
}

impl<T> Clone for Queue<T> {
    fn clone(&self) -> Self {
        Self { messages: self.messages.clone(), working: self.working.clone() }
    }
}

/// Where it is taken, by one who works.
pub(super) struct Line<T> {
    messages: mpsc::Receiver<Message<T>>,
    taken: Vec<Message<T>>,
    at_once: usize,
    /// Dropped with the line, which tells that nobody works any more.
    _working: watch::Receiver<()>,
}

/// A line of which at most `at_once` are taken together.
pub(super) fn queue<T>(at_once: usize) -> (Queue<T>, Line<T>) {
    let (sender, receiver) = mpsc::channel(WAITING);
    let (working, worked) = watch::channel(());
    let line = Line { messages: receiver, taken: Vec::with_capacity(at_once), at_once, _working: worked };
    (Queue { messages: sender, working }, line)
}

impl<T> Queue<T> {
    /// Brings one.
    ///
    /// # Errors
    /// Too many wait, or the queue is closed.
    pub(super) fn bring(&self, work: T) -> Result<(), StoreError> {
        self.messages.try_send(Message::Work(work)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => StoreError::Busy,
            mpsc::error::TrySendError::Closed(_) => StoreError::Closed,
        })
    }

    /// Refuses what is brought from now on, and returns when all that was accepted before is done.
    pub(super) async fn close(&self) {
        // Refused where somebody else has closed it.
        let _ = self.messages.send(Message::Close).await;
        self.working.closed().await;
    }
}

impl<T> Line<T> {
    /// All that waits, once something does; nothing when the queue is closed and empty. Blocks the thread.
    pub(super) fn take_blocking(&mut self) -> Vec<T> {
        while self.messages.blocking_recv_many(&mut self.taken, self.at_once) > 0 {
            let work = self.sorted_out();
            if !work.is_empty() {
                return work;
            }
        }
        Vec::new()
    }

    /// Adds what waits to the `work` that was taken before and is not done; where there is none, waits for some. False
    /// when the queue is closed and empty. For a task.
    pub(super) async fn take(&mut self, work: &mut Vec<T>) -> bool {
        while work.is_empty() && self.messages.recv_many(&mut self.taken, self.at_once).await > 0 {
            work.append(&mut self.sorted_out());
        }
        self.join(work)
    }

    /// The same, but does not wait: is there any work now?
    pub(super) fn join(&mut self, work: &mut Vec<T>) -> bool {
        while work.len() < self.at_once
            && let Ok(message) = self.messages.try_recv()
        {
            self.taken.push(message);
            work.append(&mut self.sorted_out());
        }
        !work.is_empty()
    }

    fn sorted_out(&mut self) -> Vec<T> {
        let mut work = Vec::with_capacity(self.taken.len());
        for message in self.taken.drain(..) {
            match message {
                Message::Work(one) => work.push(one),
                Message::Close => self.messages.close(),
            }
        }
        work
    }
}
