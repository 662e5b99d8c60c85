//! A whole call in one go.

use core::time::Duration;

use crate::call::unanswered;
use crate::{Call, CallReport, Dialing, Ending, Keys, Options, PhoneError, Target};

/// The phone itself.
#[derive(Clone, Copy, Debug)]
pub struct Phone;

/// Whom to call and what to do there.
#[derive(Clone, Debug)]
pub struct CallPlan {
    target: Target,
    options: Options,
    steps: Vec<Step>,
    hang_up_after: Duration,
}

#[derive(Clone, Debug)]
enum Step {
    Press(Keys),
    Pause(Duration),
    Listen(Duration),
    Hold(Duration),
}

impl CallPlan {
    /// Calls `target`, does nothing and waits a minute for the other side to hang up.
    #[must_use]
    pub fn new(target: Target) -> Self {
        Self {
            target,
            options: Options::default(),
            steps: Vec::new(),
            hang_up_after: Duration::from_secs(60),
        }
    }

    /// With these settings.
    #[must_use]
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Then presses `keys`.
    #[must_use]
    pub fn press(self, keys: Keys) -> Self {
        self.then(Step::Press(keys))
    }

    /// Then waits.
    #[must_use]
    pub fn pause(self, length: Duration) -> Self {
        self.then(Step::Pause(length))
    }

    /// Then waits until the other side has spoken, at most `limit`.
    #[must_use]
    pub fn listen(self, limit: Duration) -> Self {
        self.then(Step::Listen(limit))
    }

    /// Then puts the other side on hold for `length`.
    #[must_use]
    pub fn hold(self, length: Duration) -> Self {
        self.then(Step::Hold(length))
    }

    /// After the last step, how long to wait for the other side to hang up; zero hangs up at once.
    #[must_use]
    pub const fn hang_up_after(mut self, limit: Duration) -> Self {
        self.hang_up_after = limit;
        self
    }

    fn then(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }
}

impl Phone {
    /// Makes the call. That it is refused, not answered, or ended early by the other side is told in the report.
    ///
    /// # Errors
    ///
    /// [`PhoneError`] when the call could not be placed or a step could not be done; the call is ended then.
    pub async fn call(plan: CallPlan) -> Result<CallReport, PhoneError> {
        let dialing = Dialing::start(&plan.target, &plan.options).await?;
        let call_id = dialing.call_id().to_owned();
        let mut call = match dialing.answered().await {
            Ok(call) => call,
            Err(PhoneError::Refused { status }) => {
                return Ok(unanswered(call_id, Some(status), Ending::Refused));
            }
            Err(PhoneError::NoAnswer) => return Ok(unanswered(call_id, None, Ending::NoAnswer)),
            Err(error) => return Err(error),
        };
        match follow(&mut call, &plan.steps).await {
            Ok(()) => Ok(call.wait_for_hang_up(plan.hang_up_after).await),
            Err(PhoneError::HungUp) => Ok(call.hang_up().await),
            Err(error) => {
                call.hang_up().await;
                Err(error)
            }
        }
    }
}

async fn follow(call: &mut Call, steps: &[Step]) -> Result<(), PhoneError> {
    for step in steps {
        match step {
            Step::Press(keys) => call.press(keys).await?,
            Step::Pause(length) => call.pause(*length).await?,
            Step::Listen(limit) => call.listen(*limit).await?,
            Step::Hold(length) => {
                call.hold().await?;
                call.pause(*length).await?;
                call.resume().await?;
            }
        }
    }
    Ok(())
}
