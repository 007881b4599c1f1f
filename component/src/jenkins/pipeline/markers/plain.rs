//! Markers of a log without notes: ids are made up, and nesting follows from the order of lines.
//!
//! Outside of `parallel` the order is exact. Inside, lines of all branches mix: a stage belongs to the branch of its name
//! (which is how Declarative writes it) or to the only one there is, else to the parallel as a whole; and only the end of
//! the parallel closes what was opened in it.

use super::note::Note;

/// Reads markers one after the other.
#[derive(Debug, Default)]
pub(super) struct Plain {
    last_id: u64,
    open: Vec<Open>,
}

#[derive(Debug)]
struct Open {
    id: String,
    what: What,
}

#[derive(Debug, PartialEq)]
enum What {
    Stage,
    Parallel,
    Branch(String),
}

impl Plain {
    /// What notes would have said. Bodies without a label say nothing and have none.
    pub(super) fn notes(&mut self, marker: &str) -> Vec<Note> {
        let parallel = self.open.iter().rposition(|open| open.what == What::Parallel);
        if let Some(label) = marker.strip_prefix("{ (").and_then(|rest| rest.strip_suffix(')')) {
            let branch = label.strip_prefix("Branch: ");
            let enclosing = match (branch, parallel) {
                (Some(_), Some(parallel)) => self.open.get(parallel),
                (None, Some(parallel)) => self.branch_of(label, parallel),
                (_, None) => self.open.last(),
            };
            let enclosing = enclosing.map(|open| open.id.clone());
            let what = branch.map_or(What::Stage, |name| What::Branch(name.to_owned()));
            return vec![self.begin(enclosing, what)];
        }
        match marker {
            "{" | "}" | "stage" => Vec::new(),
            "parallel" => {
                let enclosing = self.open.last().map(|open| open.id.clone());
                vec![self.begin(enclosing, What::Parallel)]
            }
            "// parallel" => {
                let inside = self.open.split_off(parallel.unwrap_or(self.open.len()));
                inside.into_iter().map(|open| self.end(open.id)).collect()
            }
            "// stage" if parallel.is_none() => {
                let stage = self.open.pop();
                stage.map(|open| self.end(open.id)).into_iter().collect()
            }
            end if end.starts_with("// ") => Vec::new(),
            _ => {
                let enclosing = parallel.and_then(|index| self.branch_of("", index)).or(self.open.last());
                vec![Note { enclosing: enclosing.map(|open| open.id.clone()), id: self.id(), start: None }]
            }
        }
    }

    /// The branch of that name, or the only one, or the parallel itself.
    fn branch_of(&self, name: &str, parallel: usize) -> Option<&Open> {
        let inside = self.open.get(parallel + 1..).unwrap_or_default();
        let mut branches = inside.iter().filter(|open| matches!(open.what, What::Branch(_)));
        let same = inside.iter().rfind(|open| open.what == What::Branch(name.to_owned()));
        same.or_else(|| branches.next().filter(|_| branches.next().is_none())).or_else(|| self.open.get(parallel))
    }

    fn begin(&mut self, enclosing: Option<String>, what: What) -> Note {
        let id = self.id();
        self.open.push(Open { id: id.clone(), what });
        Note { enclosing, start: Some(id.clone()), id }
    }

    fn end(&mut self, start: String) -> Note {
        Note { enclosing: None, id: self.id(), start: Some(start) }
    }

    fn id(&mut self) -> String {
        self.last_id += 1;
        self.last_id.to_string()
    }
}
