//! Builds an answer that never exceeds its token budget and says in numbers what it left out.
//!
//! An [`Answer`] has a head that always comes first, sections of items in the order of the page, and `next:` lines. What
//! does not fit is dropped by a fixed order, so that equal input gives an equal answer:
//!
//! 1. every section gets its minimum of items, the most important section first;
//! 2. the room that is left is filled section by section, again the most important first;
//! 3. a section that lost items says `… 37 of 412 tests shown`; sections that lost all are named in one line;
//! 4. `next:` lines may take a third of the budget and lose the last ones first;
//! 5. if even that is too much (a budget of 50 tokens, a head of 500), the text is cut at its end and says so.
//!
//! Counting is [`super::tokens::estimate`], an upper bound. Nothing fails.

use super::human;
use super::tokens::estimate;
use super::tokens::fits;

/// Tokens kept free for the line that states the loss of one section.
const LOSS_LINE_TOKENS: u32 = 16;

/// Which end of its items a section keeps when not all fit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Keep {
    /// The first ones: lists, which come most important first.
    #[default]
    First,
    /// The last ones: the tail of a log.
    Last,
}

/// A part of an answer whose items may be dropped one by one.
#[derive(Debug, Clone)]
pub struct Section {
    title: String,
    noun: String,
    priority: u8,
    minimum: usize,
    keep: Keep,
    total: Option<u64>,
    items: Vec<String>,
}

impl Section {
    /// An empty section; `noun` names one item in the statement of loss (`test`, `line`, `commit`).
    #[must_use]
    pub fn new(noun: &str) -> Self {
        Self { title: String::new(), noun: noun.to_owned(), priority: 100, minimum: 1, keep: Keep::First, total: None, items: Vec::new() }
    }

    /// A line above the items; it goes when no item is shown.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// Importance: the lowest number is filled first and dropped last; 100 unless told.
    #[must_use]
    pub fn priority(mut self, priority: u8) -> Self {
        self.priority = priority;
        self
    }

    /// Items to show before any other section gets more than its own minimum; 1 unless told.
    #[must_use]
    pub fn minimum(mut self, items: usize) -> Self {
        self.minimum = items;
        self
    }

    /// Which end to keep.
    #[must_use]
    pub fn keep(mut self, keep: Keep) -> Self {
        self.keep = keep;
        self
    }

    /// How many items exist in all, when the caller did not fetch or add each of them.
    #[must_use]
    pub fn total(mut self, total: u64) -> Self {
        self.total = Some(total);
        self
    }

    /// Adds items: each one line, or several that belong together.
    #[must_use]
    pub fn items<S: Into<String>>(mut self, items: impl IntoIterator<Item = S>) -> Self {
        self.items.extend(items.into_iter().map(Into::into));
        self
    }

    fn total_items(&self) -> u64 {
        self.total.unwrap_or(0).max(self.items.len() as u64)
    }
}

/// Items of one section that an answer does not show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// What is missing, in the singular.
    pub noun: String,
    /// How many are shown.
    pub shown: u64,
    /// How many there are.
    pub total: u64,
}

/// A finished answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The text, with a line end after every line.
    pub text: String,
    /// How many items of each section are shown, in the order of the sections.
    pub shown: Vec<usize>,
    /// The sections that do not show everything.
    pub losses: Vec<Loss>,
    /// The end was cut off because even the minimum was too much.
    pub cut: bool,
}

/// An answer being put together.
#[derive(Debug, Clone)]
pub struct Answer {
    max_tokens: u32,
    head: String,
    sections: Vec<Section>,
    next: Vec<String>,
}

impl Answer {
    /// An empty answer for a budget.
    #[must_use]
    pub fn new(max_tokens: u32) -> Self {
        Self { max_tokens, head: String::new(), sections: Vec::new(), next: Vec::new() }
    }

    /// Adds lines to the head, which is never dropped.
    pub fn head(&mut self, lines: impl AsRef<str>) -> &mut Self {
        push_lines(&mut self.head, lines.as_ref());
        self
    }

    /// Whether the head says this in these words.
    #[must_use]
    pub fn tells(&self, words: &str) -> bool {
        self.head.contains(words)
    }

    /// Adds a section below the ones before.
    pub fn section(&mut self, section: Section) -> &mut Self {
        self.sections.push(section);
        self
    }

    /// Adds a next step, most useful first; `next: ` is put before it.
    pub fn next(&mut self, step: impl Into<String>) -> &mut Self {
        self.next.push(step.into());
        self
    }

    /// Chooses what fits and writes it.
    #[must_use]
    pub fn render(&self) -> Rendered {
        let mut plan = Plan { shown: self.sections.iter().map(|section| section.items.len()).collect(), next: self.next.len() };
        let mut text = self.write(&plan);
        if !fits(&text, self.max_tokens) {
            plan = self.plan();
            text = self.write(&plan);
        }
        // The plan adds up parts; the whole may differ by a few tokens where they meet.
        while !fits(&text, self.max_tokens) && self.drop_one(&mut plan) {
            text = self.write(&plan);
        }
        let cut = !fits(&text, self.max_tokens);
        if cut {
            text = trim(&text, self.max_tokens);
        }
        let losses = self.losses(&plan);
        Rendered { text, shown: plan.shown, losses, cut }
    }

    /// The sections by importance; equal ones in the order of the page.
    fn by_priority(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.sections.len()).collect();
        crate::sorted::sort_by_key(&mut order, |at| self.sections.get(*at).map(|section| section.priority));
        order
    }

    fn plan(&self) -> Plan {
        let mut left = self.max_tokens.saturating_sub(estimate(&self.head));
        let mut next = 0;
        let mut next_room = self.max_tokens / 3;
        for step in &self.next {
            let cost = estimate(&next_line(step));
            if cost > next_room.min(left) {
                break;
            }
            next_room -= cost;
            left -= cost;
            next += 1;
        }
        left = left.saturating_sub(LOSS_LINE_TOKENS * (self.sections.len() as u32).min(4));
        let mut plan = Plan { shown: vec![0; self.sections.len()], next };
        let order = self.by_priority();
        let mut closed = vec![false; self.sections.len()];
        for minimum_only in [true, false] {
            for at in &order {
                let (Some(section), Some(shown), Some(closed)) = (self.sections.get(*at), plan.shown.get_mut(*at), closed.get_mut(*at))
                else {
                    continue;
                };
                let wanted = if minimum_only { section.minimum.min(section.items.len()) } else { section.items.len() };
                while *shown < wanted && !*closed {
                    let title = if *shown == 0 { estimate(&section.title) + 1 } else { 0 };
                    let cost = section.nth_kept(*shown).map_or(0, |item| estimate(item) + 1) + title;
                    // A section stays closed after the first item that does not fit: no gaps within a list.
                    *closed = cost > left;
                    if !*closed {
                        left -= cost;
                        *shown += 1;
                    }
                }
            }
        }
        plan
    }

    /// Takes away the least important thing still planned; false when only the head is left.
    fn drop_one(&self, plan: &mut Plan) -> bool {
        for at in self.by_priority().into_iter().rev() {
            if let Some(shown) = plan.shown.get_mut(at)
                && *shown > 0
            {
                *shown -= 1;
                return true;
            }
        }
        let had_next = plan.next > 0;
        plan.next = plan.next.saturating_sub(1);
        had_next
    }

    fn losses(&self, plan: &Plan) -> Vec<Loss> {
        let both = self.sections.iter().zip(&plan.shown);
        both.filter(|(section, shown)| (**shown as u64) < section.total_items())
            .map(|(section, shown)| Loss { noun: section.noun.clone(), shown: *shown as u64, total: section.total_items() })
            .collect()
    }

    fn write(&self, plan: &Plan) -> String {
        let mut out = self.head.clone();
        let mut hidden = Vec::new();
        for (section, shown) in self.sections.iter().zip(&plan.shown) {
            let total = section.total_items();
            if *shown == 0 {
                hidden.extend((total > 0).then(|| human::count(total, &section.noun)));
                continue;
            }
            push_lines(&mut out, &section.title);
            let loss = (*shown as u64) < total;
            let statement = || {
                let noun = human::plural(total, &section.noun);
                format!("… {} of {} {noun} shown", human::number(*shown as u64), human::number(total))
            };
            if loss && section.keep == Keep::Last {
                push_lines(&mut out, &statement());
            }
            let skipped = if section.keep == Keep::Last { section.items.len() - shown } else { 0 };
            for item in section.items.iter().skip(skipped).take(*shown) {
                push_lines(&mut out, item);
            }
            if loss && section.keep == Keep::First {
                push_lines(&mut out, &statement());
            }
        }
        if !hidden.is_empty() {
            push_lines(&mut out, &format!("… not shown: {}", hidden.join(", ")));
        }
        for step in self.next.iter().take(plan.next) {
            out.push_str(&next_line(step));
        }
        out
    }
}

/// How many items of each section, and how many next steps, are shown.
#[derive(Debug)]
struct Plan {
    shown: Vec<usize>,
    next: usize,
}

impl Section {
    /// The item that would be shown next after `shown` ones.
    fn nth_kept(&self, shown: usize) -> Option<&str> {
        let item = match self.keep {
            Keep::First => self.items.get(shown),
            Keep::Last => self.items.iter().rev().nth(shown),
        };
        item.map(String::as_str)
    }
}

fn next_line(step: &str) -> String {
    format!("next: {}\n", step.trim_end())
}

fn push_lines(out: &mut String, lines: &str) {
    out.push_str(lines);
    if !lines.is_empty() && !lines.ends_with('\n') {
        out.push('\n');
    }
}

/// Cuts `text` to the budget, on a line boundary where one is near, and says how much is missing.
#[must_use]
pub fn trim(text: &str, max_tokens: u32) -> String {
    if fits(text, max_tokens) {
        return text.to_owned();
    }
    // The estimate of a beginning grows with its length, so the cut can be found by halving.
    let mut low = 0;
    let mut high = text.len();
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if fits(&cut_at(text, middle), max_tokens) { low = middle } else { high = middle - 1 }
    }
    let mut at = low;
    loop {
        let cut = cut_at(text, at);
        if fits(&cut, max_tokens) {
            return cut;
        }
        if at == 0 {
            // Not even the statement of the cut fits: a budget of a handful of tokens.
            return String::new();
        }
        at -= 1;
    }
}

fn cut_at(text: &str, at: usize) -> String {
    let at = text.floor_char_boundary(at);
    let kept = text.get(..at).unwrap_or_default();
    // A line of which less than half is missing is not worth breaking.
    let kept = match kept.rfind('\n') {
        Some(line_end) if line_end + 1 >= at / 2 => kept.get(..=line_end).unwrap_or(kept),
        _ => kept,
    };
    let gap = if kept.is_empty() || kept.ends_with('\n') { "" } else { "…\n" };
    format!("{kept}{gap}… cut: {} bytes more\n", text.len() - kept.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tiktoken_rs::o200k_base_singleton;

    use super::*;

    fn tests_section(count: usize) -> Section {
        Section::new("test").title("failed tests").items((0..count).map(|n| format!("- tests.test_pricing.test_number_{n}")))
    }

    #[test]
    fn what_fits_is_shown_whole_and_nothing_is_said_about_loss() {
        let mut answer = Answer::new(200);
        answer.head("shop/checkout #21 UNSTABLE").section(tests_section(2)).next("get_build job=shop/checkout");
        let rendered = answer.render();
        assert_eq!(
            rendered.text,
            "shop/checkout #21 UNSTABLE\nfailed tests\n- tests.test_pricing.test_number_0\n- tests.test_pricing.test_number_1\nnext: get_build job=shop/checkout\n"
        );
        assert!(rendered.losses.is_empty() && !rendered.cut);
    }

    #[test]
    fn loss_is_stated_in_numbers() {
        let mut answer = Answer::new(200);
        answer.head("head").section(tests_section(412));
        let rendered = answer.render();
        let shown = rendered.shown[0];
        assert!((10..40).contains(&shown), "{shown}");
        assert!(rendered.text.ends_with(&format!("… {shown} of 412 tests shown\n")), "{}", rendered.text);
        assert_eq!(rendered.losses, [Loss { noun: "test".to_owned(), shown: shown as u64, total: 412 }]);
    }

    #[test]
    fn a_total_known_from_elsewhere_is_stated_even_when_every_item_fits() {
        let mut answer = Answer::new(500);
        answer.section(tests_section(2).total(1_500));
        assert!(answer.render().text.ends_with("… 2 of 1,500 tests shown\n"));
    }

    #[test]
    fn the_most_important_section_is_filled_first_and_each_gets_its_minimum() {
        let mut answer = Answer::new(220);
        answer
            .head("head")
            .section(tests_section(50).priority(9))
            .section(Section::new("commit").title("commits").priority(1).minimum(2).items((0..8).map(|n| format!("commit number {n}"))));
        let rendered = answer.render();
        assert_eq!(rendered.shown[1], 8);
        assert!(rendered.shown[0] >= 1 && rendered.shown[0] < 50, "{:?}", rendered.shown);
        let (tests, commits) = (rendered.text.find("failed tests"), rendered.text.find("commits"));
        assert!(tests < commits, "sections stay in the order of the page");
    }

    #[test]
    fn the_tail_of_a_log_keeps_its_last_lines() {
        let mut answer = Answer::new(60);
        answer.section(Section::new("line").keep(Keep::Last).items((1..=100).map(|n| format!("| line {n}"))));
        let text = answer.render().text;
        assert!(text.starts_with("… ") && text.ends_with("| line 99\n| line 100\n"), "{text}");
    }

    #[test]
    fn sections_that_lose_everything_are_named_in_one_line() {
        let mut answer = Answer::new(60);
        answer
            .head("verdict: broken by f6063eea")
            .section(tests_section(12))
            .section(Section::new("suite").priority(200).items((0..3).map(|n| format!("suite {n} {}", "word ".repeat(60)))));
        let rendered = answer.render();
        assert!(rendered.text.ends_with("… not shown: 3 suites\n"), "{}", rendered.text);
    }

    #[test]
    fn a_head_larger_than_the_budget_is_cut_and_says_so() {
        let mut answer = Answer::new(50);
        answer.head("one line of the head, which is long\n".repeat(60)).next("get_build job=x");
        let rendered = answer.render();
        assert!(rendered.cut && estimate(&rendered.text) <= 50);
        assert!(rendered.text.contains("… cut: "), "{}", rendered.text);
        assert!(rendered.text.starts_with("one line of the head"));
    }

    #[test]
    fn a_word_longer_than_the_budget_is_cut_within() {
        let cut = trim(&"x".repeat(5_000), 50);
        assert!(cut.starts_with("xxxxxxxx") && cut.contains("… cut: 4"), "{cut}");
    }

    #[test]
    fn equal_input_gives_an_equal_answer() {
        let mut answer = Answer::new(90);
        answer.head("head").section(tests_section(20)).section(tests_section(20)).next("a").next("b");
        assert_eq!(answer.render(), answer.render());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn no_answer_exceeds_its_budget_by_a_real_tokenizer(
            max in 1_u32..400, head in "[ -~\u{e9}\u{4e2d}\\n]{0,200}",
            items in proptest::collection::vec(proptest::collection::vec("[ -~\u{1f980}]{0,60}", 0..12), 0..5),
            next in proptest::collection::vec("[ -~]{0,60}", 0..4),
        ) {
            let mut answer = Answer::new(max);
            answer.head(&head);
            for (at, items) in items.iter().enumerate() {
                let keep = if at.is_multiple_of(2) { Keep::First } else { Keep::Last };
                answer.section(Section::new("item").title("title").priority(at as u8 * 7 % 5).keep(keep).items(items.clone()));
            }
            next.iter().for_each(|step| { answer.next(step.clone()); });
            let rendered = answer.render();
            let real = o200k_base_singleton().encode_ordinary(&rendered.text).len() as u32;
            let estimated = estimate(&rendered.text);
            prop_assert!(real <= max && estimated <= max, "{real} and {estimated} of {max}");
            for (items, shown) in items.iter().zip(&rendered.shown) {
                let stated = rendered.losses.iter().any(|loss| loss.total == items.len() as u64 && loss.shown == *shown as u64);
                prop_assert!(*shown == items.len() || stated);
            }
        }
    }
}
