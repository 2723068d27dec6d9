//! A child process that leads a process group of its own, and what it starts ends with it.

use crate::conformance::interrupt::Interrupt;
use crate::system;
use std::io;
use std::process::{Child, Command, ExitStatus};

/// The leader of a process group. When it is dropped, every process of the group ends, whatever it ignores.
#[derive(Debug)]
pub(in crate::conformance) struct Leader {
    child: Child,
    interrupt: Interrupt,
    /// How it ended, once its group was ended.
    status: Option<ExitStatus>,
}

impl Leader {
    /// Starts it, under the interrupt that may end its group.
    pub(in crate::conformance) fn start(
        command: &mut Command,
        interrupt: &Interrupt,
    ) -> io::Result<Self> {
        system::lead_a_group(command);
        Ok(Leader {
            child: interrupt.start(|| command.spawn())?,
            interrupt: interrupt.clone(),
            status: None,
        })
    }

    pub(in crate::conformance) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Whether it has ended by itself. It is not waited for: until then its number, by which its group is ended, is
    /// nobody else's.
    pub(in crate::conformance) fn has_ended(&mut self) -> bool {
        self.status.is_some() || system::has_ended(&mut self.child)
    }

    /// Ends the group; how its leader ended, where that can be known.
    pub(in crate::conformance) fn end(&mut self) -> Option<ExitStatus> {
        if self.status.is_none() {
            self.interrupt.end(&mut self.child);
            self.status = self.child.wait().ok();
        }
        self.status
    }
}

impl Drop for Leader {
    fn drop(&mut self) {
        self.end();
    }
}
