//! One page of a list: how many items the caller wants, how many the budget takes, and the cursor that goes on.
//!
//! The cursor names the first item that is not shown, which is known only when the text has been cut to size; so the text is
//! written twice. An answer never says that an item was shown which its text left out.

use crate::call::Call;
use crate::error::Error;
use crate::text::budget::{Answer, Rendered, Section};
use crate::text::human;

/// Room for the line with the cursor.
const NEXT_TOKENS: u32 = 60;

/// A page as it goes out.
pub(crate) struct Page {
    pub(crate) text: String,
    /// Items in the text.
    pub(crate) shown: usize,
    pub(crate) next_cursor: Option<String>,
}

/// A page size within its bounds.
///
/// # Errors
/// Invalid for zero, and for more than `most`.
pub(crate) fn limit(asked: Option<u32>, default: u32, most: u32) -> Result<u32, Error> {
    match asked.unwrap_or(default) {
        ok if (1..=most).contains(&ok) => Ok(ok),
        bad => Err(Error::invalid(format!("limit is {bad}"), format!("limit is from 1 to {most}."))),
    }
}

/// Puts a page of items into the budget. `next_cursor` tells where to go on after that many of them (0 to all), and
/// `frame` writes what stands around them.
pub(crate) fn fit(
    call: &Call,
    noun: &str,
    items: &[String],
    next_cursor: impl Fn(usize) -> Option<String>,
    frame: impl Fn(&mut Answer, Option<&str>),
) -> Page {
    fitted(call, noun, items, &next_cursor, &frame)
}

/// One copy of it, for all lists.
fn fitted(
    call: &Call,
    noun: &str,
    items: &[String],
    next_cursor: &dyn Fn(usize) -> Option<String>,
    frame: &dyn Fn(&mut Answer, Option<&str>),
) -> Page {
    let write = |max_tokens: u32, shown: usize, cursor: Option<&str>| {
        let mut out = Answer::new(max_tokens);
        frame(&mut out, cursor);
        out.section(Section::new(noun).total(items.len() as u64).items(items.iter().take(shown).cloned()));
        out.render()
    };
    let shown = |rendered: &Rendered| rendered.shown.first().copied().unwrap_or(0);
    let cursor = next_cursor(items.len());
    let whole = write(call.max_tokens(), items.len(), cursor.as_deref());
    if shown(&whole) == items.len() {
        return Page { text: whole.text, shown: items.len(), next_cursor: cursor };
    }
    // First with less room than there is, so that the cursor has its own; then those items alone.
    let draft = shown(&write(call.max_tokens().saturating_sub(NEXT_TOKENS), items.len(), None));
    let cursor = next_cursor(draft);
    let mut page = write(call.max_tokens(), draft, cursor.as_deref());
    if shown(&page) != draft {
        // Even that was too much. The record's cursor is the true one, and the text must not name another.
        page = write(call.max_tokens(), shown(&page), None);
    }
    let shown = shown(&page);
    call.lacks(format!("text shows {shown} of {}, for max-tokens {}", human::count(items.len() as u64, noun), call.max_tokens()));
    Page { text: page.text, shown, next_cursor: next_cursor(shown) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Script;

    fn page(max_tokens: u32, items: usize) -> Page {
        let (call, _) = Script::new().call();
        let call = Call::new(call.app().clone(), Some(max_tokens));
        let items: Vec<String> = (0..items).map(|n| format!("item number {n} of a rather long list")).collect();
        fit(
            &call,
            "item",
            &items,
            |shown| (shown < 100).then(|| format!("c1.{shown}")),
            |out, cursor| {
                out.head("a list:");
                if let Some(cursor) = cursor {
                    out.next(format!("more(cursor={cursor:?})"));
                }
            },
        )
    }

    #[test]
    fn the_cursor_in_the_text_is_the_one_of_the_record_and_goes_on_after_the_last_item_shown() {
        for max_tokens in [50, 70, 100, 200, 400, 2_000] {
            let page = page(max_tokens, 40);
            assert_eq!(page.next_cursor, Some(format!("c1.{}", page.shown)), "{}", page.text);
            assert_eq!(page.text.matches("item number").count(), page.shown, "{}", page.text);
            if page.text.contains("cursor=") {
                assert!(page.text.contains(&format!("cursor=\"c1.{}\"", page.shown)), "{}", page.text);
            }
            assert!(page.shown == 40 || page.text.contains("of 40 items shown") || page.text.contains("not shown"), "{}", page.text);
        }
    }

    #[test]
    fn a_page_that_fits_is_whole_and_the_last_one_has_no_cursor() {
        let whole = page(20_000, 100);
        assert_eq!((whole.shown, whole.next_cursor), (100, None));
        assert!(!whole.text.contains("next:"));
    }

    #[test]
    fn limits_out_of_bounds_name_the_bounds() {
        assert_eq!(limit(None, 20, 200), Ok(20));
        for bad in [0, 201] {
            assert!(limit(Some(bad), 20, 200).unwrap_err().into_tool_error(String::new()).hint.unwrap().contains("1 to 200"));
        }
    }
}
