//! Label expressions: which nodes `linux && !arm` means.
//!
//! Jenkins' grammar (`LabelExpressionParser`): names joined by `<->`, `->`, `||` and `&&`, which bind in this order, `!`
//! before a name, parentheses, and quotes around names that hold such signs. What is no expression is `None`: Jenkins
//! takes it for the name of a label then, and so should whoever asks.

/// Longer ones are no expressions that people write; this also bounds how deep parentheses can nest.
const MAX_CHARS: usize = 300;

/// The operators, the loosest first.
const OPERATORS: [&str; 4] = ["<->", "->", "||", "&&"];

/// Whether the expression is true for a node that `has` these labels.
pub(crate) fn means(expression: &str, has: &dyn Fn(&str) -> bool) -> Option<bool> {
    if expression.chars().count() > MAX_CHARS {
        return None;
    }
    let mut reader = Reader { rest: expression, has };
    let value = reader.level(0)?;
    reader.rest.trim_start().is_empty().then_some(value)
}

struct Reader<'a> {
    rest: &'a str,
    has: &'a dyn Fn(&str) -> bool,
}

impl Reader<'_> {
    fn accept(&mut self, sign: &str) -> bool {
        match self.rest.trim_start().strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// What the operators from this one on hold together. Both sides are always read.
    fn level(&mut self, at: usize) -> Option<bool> {
        let Some(operator) = OPERATORS.get(at) else { return self.single() };
        let mut value = self.level(at + 1)?;
        while self.accept(operator) {
            let right = self.level(at + 1)?;
            value = match *operator {
                "<->" => value == right,
                "->" => !value || right,
                "||" => value || right,
                _ => value && right,
            };
        }
        Some(value)
    }

    fn single(&mut self) -> Option<bool> {
        if self.accept("!") {
            return self.single().map(|value| !value);
        }
        if self.accept("(") {
            let value = self.level(0)?;
            return self.accept(")").then_some(value);
        }
        if self.accept("\"") {
            let (name, rest) = self.rest.split_once('"')?;
            self.rest = rest;
            return Some((self.has)(name));
        }
        let text = self.rest.trim_start();
        // A hyphen belongs to names; only before `>` it is an operator.
        let end = text.char_indices().find(|(at, c)| {
            let arrow = *c == '-' && text.get(at + 1..).is_some_and(|rest| rest.starts_with('>'));
            arrow || c.is_whitespace() || "&|!<>()\"".contains(*c)
        });
        let (name, rest) = text.split_at(end.map_or(text.len(), |(at, _)| at));
        self.rest = rest;
        (!name.is_empty()).then(|| (self.has)(name))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(expression: &str, labels: &[&str]) -> Option<bool> {
        means(expression, &|label| labels.contains(&label))
    }

    #[test]
    fn operators_bind_as_jenkins_binds_them() {
        for (expression, labels, value) in [
            ("linux", &["linux"][..], true),
            ("linux && docker", &["linux"], false),
            ("linux&&!arm", &["linux"], true),
            ("a || b && c", &["a"], true),
            ("(a || b) && c", &["a"], false),
            ("!(a || b)", &["c"], true),
            ("a -> b", &["c"], true),
            ("a->b", &["a"], false),
            ("a <-> b", &["a", "b"], true),
            ("built-in", &["built-in"], true),
            ("\"windows 11\" || mac", &["windows 11"], true),
        ] {
            assert_eq!(of(expression, labels), Some(value), "{expression}");
        }
    }

    #[test]
    fn what_is_no_expression_is_no_answer() {
        for text in ["", "a b", "a &&", "(a", "a)", "!", "\"a", "&& a", &"(".repeat(400)] {
            assert_eq!(of(text, &["a"]), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[a-c&|!<>()\" -]{0,40}") {
            let _ = of(&text, &["a"]);
        }
    }
}
