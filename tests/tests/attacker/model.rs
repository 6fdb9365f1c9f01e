//! All counts that fit what is published, as an integer program.

use std::collections::BTreeMap;

use good_lp::{
    Constraint, Expression, ProblemVariables, Solution, SolverModel, Variable, WithTimeLimit, constraint,
    microlp, variable,
};
use server::published::PEOPLE;
use server::published::tree::{Figure, Split, Tree};

use super::trees::WORDS;

/// A node: of which release (0 or 1), which place, split and word; empty where it is all.
pub(crate) type Node = (usize, String, String, String);

/// What is published, and what is known beside it.
pub(crate) struct Known<'a> {
    pub tree: &'a Tree,
    pub revised: Option<&'a Tree>,
    /// The places in which groups met.
    pub places: Vec<String>,
    pub attendances: Option<Figure>,
    pub meetings: &'a BTreeMap<String, i64>,
}

/// Counts that fit, by node.
pub(crate) type Counts = BTreeMap<Node, i64>;

const LEAST: i64 = PEOPLE.least;
const MARGIN: i64 = PEOPLE.base - 1;
/// More than any count of a place that these tests make.
const MANY: i32 = 400;

/// Seconds for one program.
const PATIENCE: f64 = 1.0;

#[derive(Default)]
struct Program {
    variables: ProblemVariables,
    constraints: Vec<Constraint>,
    nodes: BTreeMap<Node, Expression>,
    attended: Option<Variable>,
}

impl Known<'_> {
    /// Counts in which a node is of a number, and attendances.
    pub(crate) fn counts(&self, (node, number): (&Node, i64)) -> Option<(Counts, Option<i64>)> {
        let mut program = self.program();
        let is = program.nodes.get(node)?.clone();
        program.constraints.push(constraint!(is == number as i32));
        let Program { variables, constraints, nodes, attended } = program;
        // Whether there are any is known in milliseconds; to optimise would take minutes.
        // A few take minutes all the same; the walk does without those.
        let mut problem = variables.maximise(0).using(microlp).with_time_limit(PATIENCE);
        for constraint in constraints {
            problem.add_constraint(constraint);
        }
        let solution = problem.solve().ok()?;
        let number = |node: &Expression| node.eval_with(&solution).round() as i64;
        let counts = nodes.iter().map(|(node, is)| (node.clone(), number(is))).collect();
        Some((counts, attended.map(|one| solution.value(one).round() as i64)))
    }

    fn program(&self) -> Program {
        let mut program = Program::default();
        let root = program.count((0, String::new(), String::new(), String::new()));
        program.is_near(&root, self.tree.root, LEAST);
        if !self.tree.places.is_empty() || self.tree.not_shown.is_some() {
            self.places(&mut program, &root);
        }
        if let Some(told) = self.attendances {
            self.attend(&mut program, &root, told);
        }
        if let Some(revised) = self.revised {
            self.revise(&mut program, revised);
        }
        program
    }

    fn places(&self, program: &mut Program, root: &Expression) {
        let shown = self.tree.places.iter().map(|(name, shown)| (name.clone(), shown.figure)).collect();
        let split = Split { shown, not_shown: self.tree.not_shown };
        let node = |place: &str| (0, place.to_owned(), String::new(), String::new());
        let names: Vec<&str> = self.places.iter().map(String::as_str).collect();
        program.divide(root, &split, &names, node);
        for (place, shown) in &self.tree.places {
            let whole = program.nodes[&node(place)].clone();
            program.splits(0, place, &whole, &shown.splits);
        }
        for (name, split) in &self.tree.root_splits {
            program.splits(0, "", root, &BTreeMap::from([(name.clone(), split.clone())]));
            let at = PEOPLE.splits.iter().position(|one| one == name).expect("a split");
            // The people of places that are not shown are of some word, too.
            let hidden: Vec<&String> =
                self.places.iter().filter(|place| !self.tree.places.contains_key(*place)).collect();
            let mut rest: Expression = hidden.iter().map(|place| program.nodes[&node(place)].clone()).sum();
            for word in WORDS[at] {
                let of = |place: &str| (0, place.to_owned(), name.clone(), (*word).to_owned());
                let free = program.free();
                let told: Expression =
                    self.tree.places.keys().map(|place| program.nodes[&of(place)].clone()).sum();
                let all = program.nodes[&of("")].clone();
                program.constraints.push(constraint!(all == told + free));
                rest -= free;
                // Found again when the world is made up.
                program.nodes.insert((0, "hidden".to_owned(), name.clone(), (*word).to_owned()), free.into());
            }
            program.constraints.push(constraint!(rest == 0));
        }
    }

    /// Who came, came once, and at most to each meeting of the busiest group of their place.
    fn attend(&self, program: &mut Program, root: &Expression, told: Figure) {
        let attended = program.variables.add(variable().integer().min(0).max(10_000));
        program.attended = Some(attended);
        let told = told.number() as i32;
        program.constraints.push(constraint!(attended >= root.clone()));
        program.constraints.push(constraint!(attended >= told - 49));
        program.constraints.push(constraint!(attended <= told + 49));
        let most: Expression = if self.tree.places.is_empty() && self.tree.not_shown.is_none() {
            root.clone() * self.meetings.values().copied().max().unwrap_or(1) as i32
        } else {
            let of = |place: &String| {
                let node = (0, place.clone(), String::new(), String::new());
                program.nodes[&node].clone() * self.meetings[place] as i32
            };
            self.places.iter().map(of).sum()
        };
        program.constraints.push(constraint!(attended <= most));
    }

    /// Places with other figures counted anew. So did one that is not shown, or several, where their figure differs.
    fn revise(&self, program: &mut Program, revised: &Tree) {
        let whole = |release: usize, place: &str| (release, place.to_owned(), String::new(), String::new());
        if self.tree.places.is_empty() && self.tree.not_shown.is_none() {
            if revised.root != self.tree.root {
                let root = program.count(whole(1, ""));
                program.is_near_or_few(&root, revised.root);
            }
            return;
        }
        for (place, shown) in &revised.places {
            if self.tree.places[place] != *shown {
                let now = program.count(whole(1, place));
                if shown.splits.is_empty() {
                    program.constraints.push(constraint!(now <= LEAST as i32 - 1));
                } else {
                    program.is_near(&now, shown.figure, LEAST);
                    program.splits(1, place, &now, &shown.splits);
                }
            }
        }
        if revised.not_shown == self.tree.not_shown {
            return;
        }
        let mut all = Expression::from(0);
        for place in self.places.iter().filter(|place| !self.tree.places.contains_key(*place)) {
            let before = program.nodes[&whole(0, place)].clone();
            let now = program.count(whole(1, place));
            let [changed, came, went] = [(); 3].map(|()| program.variables.add(variable().binary()));
            let constraints = [
                constraint!(now.clone() - before.clone() <= MANY * changed),
                constraint!(before.clone() - now.clone() <= MANY * changed),
                constraint!(now.clone() >= LEAST as i32 * came),
                constraint!(before >= LEAST as i32 * went),
                constraint!(changed <= came + went),
            ];
            program.constraints.extend(constraints);
            all += now;
        }
        program.is_near_or_few(&all, revised.not_shown.unwrap_or_default());
    }
}

impl Program {
    fn free(&mut self) -> Variable {
        self.variables.add(variable().integer().min(0).max(MANY))
    }

    fn count(&mut self, node: Node) -> Expression {
        let count: Expression = self.free().into();
        self.nodes.insert(node, count.clone());
        count
    }

    /// A count of at least so many, rounded to a figure.
    fn is_near(&mut self, count: &Expression, figure: Figure, least: i64) {
        let figure = figure.number();
        self.constraints.push(constraint!(count.clone() >= (figure - MARGIN).max(least) as i32));
        self.constraints.push(constraint!(count.clone() <= (figure + MARGIN) as i32));
    }

    /// Of a revision, in which too few are told of as nobody.
    fn is_near_or_few(&mut self, count: &Expression, figure: Figure) {
        match figure.number() {
            0 => self.constraints.push(constraint!(count.clone() <= LEAST as i32 - 1)),
            _ => self.is_near(count, figure, LEAST),
        }
    }

    fn splits(&mut self, release: usize, place: &str, whole: &Expression, splits: &BTreeMap<String, Split>) {
        for (name, split) in splits {
            let at = PEOPLE.splits.iter().position(|one| one == name).expect("a split");
            let node = |word: &str| (release, place.to_owned(), name.clone(), word.to_owned());
            self.divide(whole, split, WORDS[at], node);
        }
    }

    /// Children that add up to a count: those shown near their figures, at least five each; of the others each has one to four people or none,
    /// but one that may have been drawn to join them where they are one to four in all.
    fn divide(&mut self, whole: &Expression, split: &Split, words: &[&str], node: impl Fn(&str) -> Node) {
        let children: Vec<(&str, Expression)> =
            words.iter().map(|word| (*word, self.count(node(word)))).collect();
        let all: Expression = children.iter().map(|(_, count)| count.clone()).sum();
        self.constraints.push(constraint!(all == whole.clone()));
        let (shown, hidden): (Vec<_>, Vec<_>) =
            children.into_iter().partition(|(word, _)| split.shown.contains_key(*word));
        for (word, count) in &shown {
            self.is_near(count, split.shown[*word], LEAST);
        }
        let pool: Expression = hidden.iter().map(|(_, count)| count.clone()).sum();
        let Some(figure) = split.not_shown else {
            self.constraints.push(constraint!(pool == 0));
            return;
        };
        self.is_near(&pool, figure, LEAST);
        let (few, many) = (LEAST as i32 - 1, MANY);
        let mut drawn = Expression::from(0);
        for (_, count) in &hidden {
            let joins = self.variables.add(variable().binary());
            drawn += joins;
            let rest = pool.clone() - count.clone();
            self.constraints.push(constraint!(count.clone() <= few + many * joins));
            self.constraints.push(constraint!(count.clone() >= LEAST as i32 * joins));
            self.constraints.push(constraint!(rest.clone() <= few + many * (1 - joins)));
            self.constraints.push(constraint!(rest >= joins));
        }
        self.constraints.push(constraint!(drawn <= 1));
    }
}
