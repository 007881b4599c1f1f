//! Jenkins' `tree=` language: which fields of an object an answer shows.
//!
//! `jobs[name,lastBuild[number]{0,2}],mode` names fields, nests with brackets
//! and cuts lists with `{from,to}`, `{from,}`, `{,to}` or `{index}`. A name is
//! taken literally, blanks included; a name given twice counts the last time;
//! `*` stands for every field not named. Anything malformed is an error, which
//! the controller answers with a 500 page.

use std::collections::HashMap;

/// One level of a parsed `tree=` expression.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Tree {
    children: HashMap<String, Tree>,
    /// The part of a list that is shown.
    pub(crate) range: Range,
}

/// A cut through a list: `from` inclusive, `to` exclusive, `None` is the end.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub(crate) struct Range {
    pub(crate) from: usize,
    pub(crate) to: Option<usize>,
}

/// The expression, or the list it is applied to, does not allow this query.
#[derive(Debug, PartialEq)]
pub(crate) struct BadTree;

impl Tree {
    /// Reads a whole expression.
    pub(crate) fn parse(text: &str) -> Result<Self, BadTree> {
        let mut reader = Reader { rest: text };
        let tree = reader.list()?;
        if reader.rest.is_empty() { Ok(tree) } else { Err(BadTree) }
    }

    /// What to show of the field `name`, if it is shown at all.
    pub(crate) fn child(&self, name: &str) -> Option<&Tree> {
        self.children.get(name).or_else(|| self.children.get("*"))
    }
}

impl Range {
    /// Cuts a plain list. A start past the end is an error, as it is for Java's `subList`.
    pub(crate) fn cut<T>(self, items: &[T]) -> Result<&[T], BadTree> {
        let to = self.to.unwrap_or(items.len()).min(items.len());
        items.get(self.from..to).ok_or(BadTree)
    }

    /// Cuts a list of builds, which skips instead: nothing is left past the end.
    pub(crate) fn skip<T>(self, items: &[T]) -> &[T] {
        let to = self.to.unwrap_or(items.len()).min(items.len());
        items.get(self.from..to).unwrap_or(&[])
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn accept(&mut self, token: char) -> bool {
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, token: char) -> Result<(), BadTree> {
        if self.accept(token) { Ok(()) } else { Err(BadTree) }
    }

    fn word(&mut self) -> &'a str {
        let end = self.rest.find(['[', ']', '{', '}', ',']).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn list(&mut self) -> Result<Tree, BadTree> {
        let mut tree = Tree::default();
        loop {
            let name = self.word();
            if name.is_empty() {
                return Err(BadTree);
            }
            let mut node = Tree::default();
            if self.accept('[') {
                node = self.list()?;
                self.expect(']')?;
            }
            if self.accept('{') {
                node.range = self.range()?;
            }
            tree.children.insert(name.to_owned(), node);
            if !self.accept(',') {
                return Ok(tree);
            }
        }
    }

    fn range(&mut self) -> Result<Range, BadTree> {
        let from = self.number()?;
        if !self.accept(',') {
            self.expect('}')?;
            let index = from.ok_or(BadTree)?;
            return Ok(Range { from: index, to: Some(index.saturating_add(1)) });
        }
        let to = self.number()?;
        self.expect('}')?;
        Ok(Range { from: from.unwrap_or(0), to })
    }

    fn number(&mut self) -> Result<Option<usize>, BadTree> {
        match self.word() {
            "" => Ok(None),
            digits => digits.parse().map(Some).map_err(|_| BadTree),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_given_twice_counts_the_last_time() {
        let tree = Tree::parse("jobs[name],jobs[color]").unwrap();
        let jobs = tree.child("jobs").unwrap();
        assert!(jobs.child("color").is_some());
        assert!(jobs.child("name").is_none());
    }

    #[test]
    fn blanks_belong_to_the_name() {
        assert!(Tree::parse(" jobs").unwrap().child("jobs").is_none());
    }

    #[test]
    fn malformed_expressions_are_refused() {
        for text in ["", "jobs[", "jobs[name", "jobs[]", "jobs[name,]", "jobs]name[", "a{x,y}", "a{-1,2}", "a{}"] {
            assert_eq!(Tree::parse(text), Err(BadTree), "{text}");
        }
    }

    #[test]
    fn a_plain_list_may_be_cut_at_its_end_but_not_past_it() {
        let items = [1, 2, 3];
        let cut = |from, to| Range { from, to }.cut(&items).map(<[i32]>::to_vec);
        assert_eq!(cut(3, Some(9)), Ok(vec![]));
        assert_eq!(cut(4, Some(9)), Err(BadTree));
        assert_eq!(cut(2, Some(1)), Err(BadTree));
        assert_eq!(Range { from: 9, to: None }.skip(&items), &[] as &[i32]);
    }
}
