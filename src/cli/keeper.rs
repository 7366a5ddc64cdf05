//! What a signal must not lose: the finished runs of a study, or of every point of a sweep, are
//! kept in a file beside the results folder, and the same command takes them up again.
//!
//! The file holds a checkpoint for each study that was begun, in their order, with an empty line
//! between them. Where nothing is worth keeping, a signal ends the process with a line that says
//! so.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::console::{Console, to_stderr};
use super::exit::Exit;
use super::failure::Failure;
use super::place::Place;
use super::progress::ProgressLine;
use super::signal;
use crate::engine::SimDuration;
use crate::experiment::{CheckpointError, Collector, load_checkpoint, save_checkpoint};
use crate::plan::Study;

/// What stands between two checkpoints of one file; none has an empty line of its own.
const BETWEEN: &str = "\n\n";

/// Watches for signals while studies are carried out.
pub struct Keeper {
    place: Option<Place>,
    /// The line that a message must not be written over.
    pub progress: Arc<ProgressLine>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    begun: Vec<Begun>,
    /// The runs are over: their results are being written.
    over: bool,
}

/// A study whose runs are under way or finished.
struct Begun {
    study: Study,
    timeline_width: SimDuration,
    collector: Arc<Collector>,
}

impl Keeper {
    /// From now on a signal keeps what is finished beside `place` and ends the process.
    #[must_use]
    pub fn beside(place: &Place, console: &Console) -> Self {
        Self::watching(Some(place.clone()), console)
    }

    /// From now on a signal ends the process; nothing is kept.
    #[must_use]
    pub fn of_nothing(console: &Console) -> Self {
        Self::watching(None, console)
    }

    fn watching(place: Option<Place>, console: &Console) -> Self {
        let progress = Arc::new(ProgressLine::new(console.progress, console.overwrites));
        let state = Arc::new(Mutex::new(State::default()));
        let keeper = Self { place, progress, state };
        let (place, progress) = (keeper.place.clone(), Arc::clone(&keeper.progress));
        let state = Arc::clone(&keeper.state);
        let mut asked_before = false;
        let watched = signal::watch(move |number| {
            let impatient = std::mem::replace(&mut asked_before, true);
            let state = locked(&state);
            // While results are being written there is nothing to keep: that takes a moment.
            if state.over && !impatient {
                return;
            }
            progress.clear();
            if !state.over {
                to_stderr(&keep(&state.begun, place.as_ref()));
            }
            std::process::exit(i32::from(Exit::Signal(number).code()));
        });
        // Without a handler a signal ends the process as it always does: nothing is kept.
        drop(watched);
        keeper
    }

    /// What is finished of these studies: nothing, or what the file beside the folder holds.
    ///
    /// # Errors
    /// If there is a file and it cannot be read.
    pub fn collectors(
        &self,
        studies: &[(&Study, SimDuration)],
        console: &Console,
    ) -> Result<Vec<Arc<Collector>>, Failure> {
        let kept = self.place.as_ref().map_or(Ok(None), Place::kept)?;
        let mut restored = Vec::new();
        if let (Some(text), Some(place)) = (kept, &self.place) {
            match restore(studies, &text) {
                Ok(collectors) => {
                    restored = collectors;
                    let sum =
                        |count: fn(&Collector) -> u64| restored.iter().map(count).sum::<u64>();
                    let runs: u64 =
                        studies.iter().map(|(study, _)| Collector::new(study).total()).sum();
                    let finished = sum(Collector::finished);
                    console
                        .note(&format!("resuming: {finished} of {runs} runs were finished before"));
                }
                Err(error) => {
                    let file = place.checkpoint();
                    let file = file.display();
                    console.note(&format!("note: the checkpoint {file} is not used: {error}"));
                }
            }
        }
        let new = studies.iter().skip(restored.len()).map(|(study, _)| Collector::new(study));
        let new: Vec<Collector> = new.collect();
        let collectors: Vec<Arc<Collector>> =
            restored.into_iter().chain(new).map(Arc::new).collect();
        let begun = studies.iter().zip(&collectors).map(|(&(study, timeline_width), collector)| {
            Begun { study: study.clone(), timeline_width, collector: Arc::clone(collector) }
        });
        locked(&self.state).begun = begun.collect();
        Ok(collectors)
    }

    /// Every run is finished: there is nothing to keep any more. A signal that has come before
    /// has its way first, and ends the process.
    ///
    /// # Panics
    /// If somebody else still holds one of the collectors.
    #[must_use]
    pub fn over(&self, collectors: Vec<Arc<Collector>>) -> Vec<Collector> {
        self.progress.clear();
        let mut state = locked(&self.state);
        (state.begun, state.over) = (Vec::new(), true);
        let whole = |collector| Arc::into_inner(collector).expect("nobody else has it");
        collectors.into_iter().map(whole).collect()
    }
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The checkpoints of a file, each of its study.
fn restore(
    studies: &[(&Study, SimDuration)],
    text: &str,
) -> Result<Vec<Collector>, CheckpointError> {
    let texts: Vec<&str> = text.split(BETWEEN).collect();
    if texts.len() > studies.len() {
        return Err(CheckpointError::OfAnother);
    }
    let each = studies.iter().zip(texts);
    each.map(|((study, width), text)| load_checkpoint(study, *width, text)).collect()
}

/// Keeps what is finished, and says so.
fn keep(begun: &[Begun], place: Option<&Place>) -> String {
    let Some(place) = place else {
        return "interrupted: nothing is kept of a single run, the same command starts anew\n"
            .to_owned();
    };
    let finished: u64 = begun.iter().map(|begun| begun.collector.finished()).sum();
    let total: u64 = begun.iter().map(|begun| begun.collector.total()).sum();
    if finished == 0 {
        return "interrupted: no run was finished\n".to_owned();
    }
    // Studies are carried out in their order: those that were not begun come last.
    let texts = begun
        .iter()
        .take_while(|begun| begun.collector.finished() > 0)
        .map(|begun| save_checkpoint(&begun.study, begun.timeline_width, &begun.collector));
    let texts: Vec<String> = texts.map(|text| text.trim_end().to_owned()).collect();
    match place.keep(&(texts.join(BETWEEN) + "\n")) {
        Err(failure) => format!("interrupted; what was finished is lost: {}", failure.message),
        Ok(()) => format!(
            "interrupted: {finished} of {total} runs are kept in {}; the same command resumes\n",
            place.checkpoint().display()
        ),
    }
}
