//! The build queue as a whole: `summarize-queue` and `explain-queue`. One item is `get-queue-item`, among the tools that
//! wait for builds.
//!
//! Both page by place: a cursor holds when the last item shown entered the queue, and its id, so that what leaves the
//! queue meanwhile shifts nothing.

pub(crate) mod explain;
mod holdup;
mod reason;
pub(crate) mod summary;

pub(crate) use holdup::cause;

use crate::answer;
use crate::call::Call;
use crate::cursor::Cursors;
use crate::error::Error;
use crate::jenkins::queue_list::Waiting;
use crate::text::names;

/// Items per answer at most.
const MAX_LIMIT: u32 = 200;

/// The items behind the cursor, oldest first.
fn behind<'a>(items: &'a [Waiting], cursors: &Cursors, cursor: Option<&str>) -> Result<&'a [Waiting], Error> {
    let Some([seconds, id]) = cursors.read(cursor)? else { return Ok(items) };
    let from = items.partition_point(|item| item.place() <= (seconds, id));
    Ok(items.get(from..).unwrap_or_default())
}

/// The cursor behind the first `shown` of these items; `None` when nothing follows them.
fn cursor_after(cursors: &Cursors, items: &[Waiting], shown: usize) -> Option<String> {
    let (seconds, id) = match shown.checked_sub(1) {
        Some(last) => items.get(last)?.place(),
        None => (0, 0),
    };
    (shown < items.len()).then(|| cursors.make([seconds, id]))
}

/// What a person would call it.
fn title(item: &Waiting) -> String {
    match item.title() {
        Some(title) if item.job().is_none() => names::shown(&title),
        // `shop/checkout #3`: quoted as a whole when its name is odd.
        Some(title) => match title.rsplit_once(" #") {
            Some((job, number)) => format!("{} #{number}", names::shown(job)),
            None => names::shown(&title),
        },
        None if item.is_part() => "a step of some pipeline".to_owned(),
        None => "a task without a name".to_owned(),
    }
}

/// `for 3h`; empty when Jenkins does not tell.
fn waited(call: &Call, item: &Waiting) -> String {
    let ago = answer::ago(call, item.in_queue_since);
    match ago.strip_suffix(" ago") {
        Some(span) => format!(" for {span}"),
        None if ago.is_empty() => String::new(),
        None => " since just now".to_owned(),
    }
}

/// How many items are not shown because this account may not read their jobs.
fn hidden(count: u32) -> Option<String> {
    (count > 0).then(|| format!("not counted: {count} more, of jobs that this account may not read"))
}

#[cfg(test)]
mod tests;
