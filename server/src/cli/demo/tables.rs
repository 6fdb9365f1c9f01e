//! The tables of the demo, for a terminal of eighty columns, in which lines break between words and no word breaks.

use comfy_table::{
    Cell, CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Table, Width, presets,
};
use sync_core::record::{AgeBand, Sex};
use sync_core::time::Date;

use super::ask::{Answer, Programme, last_months};
use super::cast::ORGANISATIONS;
use super::count::Totals;
use super::partnership::Page;
use super::published::Published;
use super::tally::Clash;

pub(super) const COLUMNS: u16 = 80;
/// A space at which no line breaks.
const TOGETHER: &str = "\u{a0}";

/// What two people set differently, with whether it is open.
pub(super) fn clashes(told: Vec<(&Clash, bool)>) -> Table {
    let header = ["Group", "Day", "Field", "One", "The other", ""].map(Cell::new);
    let rows = told.into_iter().map(|(clash, open)| {
        let mut row = vec![clash.group.clone(), short(clash.date), clash.what.clone()];
        row.extend(clash.claims.iter().take(2).map(|(value, who, _)| format!("{value} ({who})")));
        row.push(if open { "open" } else { "settled" }.to_owned());
        row.into_iter().map(Cell::new).collect()
    });
    table(header, rows)
}

/// What was planned, beside what was held.
pub(super) fn planned(answers: &[Answer]) -> Table {
    let header = [
        Cell::new("Organisation"),
        Cell::new(""),
        right("Groups"),
        right("active"),
        right("Planned"),
        right("Held"),
        right(""),
    ];
    let rows = ORGANISATIONS.iter().zip(answers).flat_map(|(organisation, answer)| {
        let kinds = ["healing spaces", "dialogue circles"].into_iter().zip(&answer.programmes).enumerate();
        kinds.map(|(place, (kind, programme))| {
            let Programme { groups, active, planned, held } = *programme;
            vec![
                Cell::new(if place == 0 { organisation.name } else { "" }),
                Cell::new(kind),
                right(number(groups)),
                right(number(active)),
                right(number(planned)),
                right(number(held)),
                right(format!("{} %", (held * 100).checked_div(planned).unwrap_or_default())),
            ]
        })
    });
    table(header, rows)
}

/// Who came, by sex and age.
pub(super) fn people(answers: &[Answer]) -> Table {
    let names = ORGANISATIONS.iter().map(|organisation| organisation.name).chain(["All three"]);
    let names = names.map(|name| right(format!("{name}\nwomen · men")));
    let of = |answer: &Answer, sex, age: Option<AgeBand>| -> u64 {
        let fits = |key: &(Sex, AgeBand)| key.0 == sex && age.is_none_or(|age| key.1 == age);
        answer.people.iter().filter(|(key, _)| fits(key)).map(|(_, people)| people).sum()
    };
    let rows = AgeBand::ALL.iter().copied().map(Some).chain([None]).map(|age| {
        let each = |sex| -> Vec<u64> { answers.iter().map(|answer| of(answer, sex, age)).collect() };
        let (mut women, mut men) = (each(Sex::Female), each(Sex::Male));
        women.push(women.iter().sum());
        men.push(men.iter().sum());
        let name =
            age.map_or("all".to_owned(), |age| age.code().replace('_', "–").replace("–plus", " and over"));
        let cells = women.iter().zip(&men);
        let cells = cells.map(|(women, men)| right(format!("{} · {}", number(*women), number(*men))));
        [Cell::new(name.replace("under–", "under "))].into_iter().chain(cells).collect()
    });
    table([Cell::new("People by age")].into_iter().chain(names), rows)
}

/// Sessions by district and month.
pub(super) fn months(answers: &[Answer]) -> Table {
    let months = last_months(answers);
    // Four months that follow each other need no year.
    let names = months.iter().map(|month| right(month_in_words(month)));
    let header = ["Organisation", "District"].map(Cell::new).into_iter().chain(names);
    let header = header.chain([right("All"), right("People")]);
    let rows = ORGANISATIONS.iter().zip(answers).flat_map(|(organisation, answer)| {
        answer.districts.iter().enumerate().map(|(place, district)| {
            let name = if place == 0 { organisation.name } else { "" };
            let mut row = vec![Cell::new(name), Cell::new(district.name)];
            let of = |month| district.months.get(month).map_or("–".into(), |total| number(total.sessions));
            row.extend(months.iter().map(|month| right(of(month))));
            row.extend([right(number(district.total.sessions)), right(number(district.total.people))]);
            row
        })
    });
    table(header, rows)
}

/// What the donor reads of each partner: what was to be reached, what was, and with what money.
pub(super) fn partnership(page: &Page) -> Table {
    let header = [
        Cell::new("Organisation"),
        right("Groups"),
        right("Meetings"),
        right("People\nof target"),
        right(""),
        right("Budget\nRWF"),
        right("for each\nperson"),
    ];
    let rows = ORGANISATIONS.iter().zip(&page.partners).map(|(organisation, of)| {
        let percent = (of.people * 100).checked_div(of.target);
        vec![
            Cell::new(organisation.name),
            right(number(of.groups)),
            right(number(of.sessions)),
            right(format!("{}{TOGETHER}/{TOGETHER}{}", number(of.people), number(of.target))),
            right(percent.map_or("–".to_owned(), |percent| format!("{percent}{TOGETHER}%"))),
            right(number(of.budget)),
            right(number(of.each)),
        ]
    });
    table(header, rows)
}

/// People of a quarter as everybody may read of them.
pub(super) fn published(published: &Published) -> Table {
    let who = [("Women", "female"), ("Men", "male")];
    let names = who.map(|(name, _)| right(format!("{name}\n16–35 · others")));
    let header = [Cell::new("Organisation"), right("People"), right("Attendances")];
    let header = header.into_iter().chain(names).chain([right("Not\nshown")]);
    let rows = ORGANISATIONS.iter().zip(&published.organisations).map(|(organisation, of)| {
        let told = |figure: Option<u64>| figure.map_or("–".to_owned(), number);
        let get = |code: &str| told(of.who.get(code).copied());
        let mut row = vec![Cell::new(organisation.name), right(told(of.people)), right(told(of.attendances))];
        let pairs = who
            .map(|(_, sex)| format!("{} · {}", get(&format!("{sex}_youth")), get(&format!("{sex}_other"))));
        row.extend(pairs.map(right));
        let hidden = ["not_shown", "not_told"].iter().filter_map(|code| of.who.get(*code));
        row.push(right(told(hidden.copied().reduce(|one, other| one + other))));
        row
    });
    table(header, rows)
}

/// Both counts beside each other, and whether all are equal.
pub(super) fn totals(tablets: &[Totals], answers: &[Answer]) -> (Table, bool) {
    let names = ["Sessions", "Attendances", "People", "Heads"].map(|name| format!("{name}\ntablets │ API"));
    let header = [Cell::new("Organisation")].into_iter().chain(names.map(right)).chain([Cell::new("")]);
    let sum = |all: &mut dyn Iterator<Item = Totals>| all.fold(Totals::default(), Totals::plus);
    let whole = (sum(&mut tablets.iter().copied()), sum(&mut answers.iter().map(|answer| answer.total)));
    let each = tablets.iter().copied().zip(answers.iter().map(|answer| answer.total));
    let all: Vec<(Totals, Totals)> = each.chain([whole]).collect();
    let names = ORGANISATIONS.iter().map(|organisation| organisation.name).chain(["All three"]);
    let rows = names.zip(&all).map(|(name, (mine, theirs))| {
        let pairs = mine.each().into_iter().zip(theirs.each());
        let cells = pairs.map(|(mine, theirs)| right(format!("{} │ {}", number(mine), number(theirs))));
        let verdict = Cell::new(if mine == theirs { "equal" } else { "NOT EQUAL" });
        [Cell::new(name)].into_iter().chain(cells).chain([verdict]).collect()
    });
    (table(header, rows), all.iter().all(|(mine, theirs)| mine == theirs))
}

fn table(header: impl IntoIterator<Item = Cell>, rows: impl Iterator<Item = Vec<Cell>>) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_HORIZONTAL_ONLY.row_separator(LineStyle::none()))
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(COLUMNS)
        .set_header(header.into_iter().collect::<Vec<Cell>>())
        .add_rows(rows);
    fit(&mut table);
    table
}

/// Left to itself, the library gives all columns like room and breaks words in it. Each column gets the room of its longest
/// word; what is left goes to the column that lacks most for its longest line, letter by letter.
fn fit(table: &mut Table) {
    let longest = |column: usize, breaks: &[char]| {
        let cells = table.column_cells_with_header_iter(column).flatten().map(Cell::content);
        let length = |cell: String| cell.split(breaks).map(|part| part.chars().count()).max();
        cells.filter_map(length).max().unwrap_or_default()
    };
    let columns = table.column_iter().count();
    let lines: Vec<usize> = (0..columns).map(|column| longest(column, &['\n'])).collect();
    let mut widths: Vec<usize> = (0..columns).map(|column| longest(column, &['\n', ' '])).collect();
    // A space on each side of a column, and one between two.
    let room = usize::from(COLUMNS).saturating_sub(columns * 3 - 1);
    for _ in widths.iter().sum::<usize>()..room {
        let lacks = |column: &usize| lines[*column].saturating_sub(widths[*column]);
        if let Some(most) = (0..columns).max_by_key(lacks).filter(|most| lacks(most) > 0) {
            widths[most] += 1;
        }
    }
    for (column, width) in table.column_iter_mut().zip(widths) {
        let width = u16::try_from(width + 2).unwrap_or(COLUMNS);
        column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width)));
    }
}

fn right(text: impl ToString) -> Cell {
    Cell::new(text).set_alignment(CellAlignment::Right)
}

/// `12 345`, in one piece.
pub(super) fn number(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join(TOGETHER)
}

fn short(day: Date) -> String {
    day.strftime("%-d %b").to_string().replace(' ', TOGETHER)
}

fn month_in_words(month: &str) -> String {
    let day = format!("{month}-01").parse::<Date>();
    day.map_or_else(|_| month.to_owned(), |day| day.strftime("%b").to_string())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use sync_core::time::Millis;

    use super::super::ask::District;
    use super::super::cast::{GROUP_NAMES, PAIRS};
    use super::*;

    const MANY: Totals = Totals { sessions: 12_345, attendances: 123_456, people: 12_345, heads: 12_345 };

    /// More than any demo has.
    fn much() -> Vec<Answer> {
        let months = ["2026-09", "2026-10", "2026-11", "2026-12"].map(|month| (month.to_owned(), MANY));
        let each = (0..ORGANISATIONS.len()).map(|place| {
            let districts =
                PAIRS.iter().filter(|pair| pair.organisation == place).flat_map(|pair| pair.districts);
            let district = |name| District { name, total: MANY, months: months.clone().into() };
            let programme = Programme { groups: 123, active: 123, planned: 12_345, held: 12_345 };
            let ages = AgeBand::ALL.iter().flat_map(|age| [(Sex::Female, *age), (Sex::Male, *age)]);
            Answer {
                total: MANY,
                districts: districts.map(district).collect(),
                programmes: [programme.clone(), programme],
                people: ages.map(|key| (key, 1_234)).collect(),
                silent: Vec::new(),
                clashing: 0,
                doubts: BTreeMap::new(),
            }
        });
        each.collect()
    }

    fn words(text: &str) -> Vec<String> {
        let words = text.split([' ', '\n']).filter(|word| !word.is_empty() && !word.starts_with(['═', '─']));
        let mut words: Vec<String> = words.map(str::to_owned).collect();
        words.sort();
        words
    }

    #[test]
    fn a_long_number_has_its_thousands_apart() {
        assert_eq!((number(7), number(1_234_567)), ("7".to_owned(), "1\u{a0}234\u{a0}567".to_owned()));
    }

    #[test]
    fn no_word_of_a_table_is_broken_in_eighty_columns() {
        let (answers, many) = (much(), [MANY; 3]);
        let clash = |group: &&str| Clash {
            group: format!("{group} Nyakariro"),
            date: Date::constant(2026, 11, 25),
            what: "heads: female 16–24".to_owned(),
            claims: ["Habimana", "Iradukunda"]
                .map(|who| ("self development".to_owned(), who.to_owned(), Millis(0)))
                .into(),
        };
        let all: Vec<Clash> = GROUP_NAMES.iter().map(clash).collect();
        let tables = [
            clashes(all.iter().map(|clash| (clash, false)).collect()),
            planned(&answers),
            people(&answers),
            months(&answers),
            totals(&many, &answers).0,
        ];
        for table in tables {
            let shown = table.to_string();
            let rows = table.header().into_iter().chain(table.row_iter());
            let cells: Vec<String> = rows.flat_map(|row| row.cell_iter().map(Cell::content)).collect();
            assert_eq!(words(&shown), words(&cells.join(" ")), "{shown}");
            assert!(shown.lines().all(|line| line.chars().count() <= usize::from(COLUMNS)), "{shown}");
        }
    }
}
