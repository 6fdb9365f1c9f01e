//! Members of groups, by their codes. No column could hold a name.

use std::collections::BTreeSet;

use sync_core::form::EditError;
use sync_core::id::{DocumentId, GroupId, Id, ParticipantId};
use sync_core::record::participant::{ConsentMethod, Exit, Participant, ParticipantEdit, Purpose};
use sync_core::record::{AgeBand, Kind, Place, Sex};
use sync_core::time::{Date, Moment};
use sync_core::value::Pseudonym;

use super::cells::Cells;
use super::known::{self, Groups};
use super::report::LineRemark;
use super::row::{Importer, NotMade, Row, There, Written, begin};
use super::table::Column;
use crate::audit::{self, ObjectKind};
use crate::ledger::Gain;
use crate::problem::Fields;
use crate::store::{Conn, Failure, StoreError};

/// Somebody who joined a group.
#[derive(Debug, Clone)]
pub(super) struct Member {
    group: GroupId,
    code: Pseudonym,
    sex: Option<Sex>,
    age_band: Option<AgeBand>,
    family: Option<Pseudonym>,
    consent: Option<Consent>,
    withdrawn: Option<Date>,
    exit: Option<Exit>,
}

/// What somebody agreed to.
#[derive(Debug, Clone, Copy)]
struct Consent {
    purpose: Purpose,
    method: ConsentMethod,
    date: Date,
    guardian: Option<bool>,
}

pub(super) struct Known {
    groups: Groups,
    there: BTreeSet<DocumentId>,
}

const fn column(name: &'static str, says: &'static str, example: &'static str) -> Column {
    Column { name, says, example, needed: false }
}

const fn needed(name: &'static str, says: &'static str, example: &'static str) -> Column {
    Column { name, says, example, needed: true }
}

impl Row for Member {
    const COLUMNS: &'static [Column] = &[
        needed("group", "Its name, or its id where two have one name", "Twiyubake"),
        needed("code", "The code of the person in this group. Never a name", "P07"),
        column("sex", "female or male", "female"),
        column("age_band", "under_16, 16_24, 25_35, 36_59 or 60_plus", "25_35"),
        column("family", "The code of the family, in multifamily groups", "F03"),
        column("consent_purpose", "participation, referral, research or story", "participation"),
        column("consent_method", "oral, written or electronic", "written"),
        column("consent_date", "The day on which they consented", "05/03/2024"),
        column("consent_guardian", "yes where a guardian consented, for somebody under 16", ""),
        column("consent_withdrawn", "The day on which consent was withdrawn", ""),
        column("exit", "How they left: graduated, dropped_out, moved or referred", ""),
    ];
    const KEY: &'static [&'static str] = &["group", "code"];
    const NOTED: (audit::Action, ObjectKind) = (audit::Action::RecordChanged, ObjectKind::Participant);
    type Known = Known;

    fn known(tx: &mut Conn<'_>, importer: Importer) -> Result<Known, StoreError> {
        let there = known::recorded(tx, importer.organisation, Kind::Participant)?;
        Ok(Known { groups: Groups::of(tx, importer.organisation)?, there })
    }

    fn read(cells: Cells<'_>, known: &Known, importer: Importer, fields: &mut Fields) -> Option<Self> {
        let group = known.groups.named(cells, fields, "group").map(known::KnownGroup::id);
        let code = cells.needed(fields, "code").and_then(|text| fields.parse("code", Some(text)));
        let age_band = cells.word(fields, "age_band");
        let member = Self {
            group: group?,
            code: code?,
            sex: cells.word(fields, "sex"),
            age_band,
            family: cells.parse(fields, "family"),
            consent: consent(cells, fields, age_band, importer.today),
            withdrawn: cells.past_day(fields, "consent_withdrawn", importer.today),
            exit: cells.word(fields, "exit"),
        };
        if let (Some(withdrawn), Some(consent)) = (member.withdrawn, member.consent)
            && withdrawn < consent.date
        {
            fields.refuse("consent_withdrawn", "is before the day on which consent was given");
        }
        Some(member)
    }

    fn key(&self) -> String {
        self.id().to_string()
    }

    fn there(&self, known: &Known) -> Option<There> {
        let id = self.id();
        known.there.contains(&DocumentId::from(id)).then(|| {
            let detail = "somebody in the group has or had this code; the record stays as it is";
            There { id: Some(id.uuid()), remark: LineRemark::new("code", detail) }
        })
    }

    fn doubts(&self) -> Vec<LineRemark> {
        let detail =
            "no consent stands in the line: they count in no published figure until somebody records it";
        match self.consent {
            Some(_) => Vec::new(),
            None => vec![LineRemark::new("consent_date", detail)],
        }
    }

    fn make(
        &self,
        tx: &mut Conn<'_>,
        importer: Importer,
        _: &Moment,
        gains: &mut Vec<Gain>,
    ) -> Result<Written, Failure<NotMade>> {
        let place = Place { stream: self.group.into(), document: self.id().into(), kind: Kind::Participant };
        begin::<Participant>(tx, place, importer, gains, |edit| self.write(edit))
    }
}

impl Member {
    fn id(&self) -> ParticipantId {
        ParticipantId::of(self.group, &self.code)
    }

    fn write(&self, edit: &mut ParticipantEdit<'_>) -> Result<(), EditError> {
        edit.group().set(self.group)?;
        edit.code().set(self.code.clone())?;
        self.sex.map_or(Ok(()), |sex| edit.sex().set(sex))?;
        self.age_band.map_or(Ok(()), |band| edit.age_band().set(band))?;
        self.family.clone().map_or(Ok(()), |family| edit.family().set(family))?;
        if let Some(Consent { purpose, method, date, guardian }) = self.consent {
            edit.consent_purpose().set(purpose)?;
            edit.consent_method().set(method)?;
            edit.consent_date().set(date)?;
            guardian.map_or(Ok(()), |guardian| edit.consent_guardian().set(guardian))?;
        }
        self.withdrawn.map_or(Ok(()), |day| edit.consent_withdrawn().set(day))?;
        self.exit.map_or(Ok(()), |exit| edit.exit().set(exit))
    }
}

/// Consent is told whole, or not at all; a guardian consents for a minor (Law 058/2021, article 9).
fn consent(cells: Cells<'_>, fields: &mut Fields, age: Option<AgeBand>, today: Date) -> Option<Consent> {
    const WHOLE: [&str; 3] = ["consent_purpose", "consent_method", "consent_date"];
    let guardian = cells.yes_or_no(fields, "consent_guardian");
    if WHOLE.iter().chain(&["consent_guardian"]).all(|column| cells.text(column).is_none()) {
        return None;
    }
    for column in WHOLE.into_iter().filter(|column| cells.text(column).is_none()) {
        fields.refuse(column, "is missing: consent is told with its purpose, method and date, or not at all");
    }
    if age == Some(AgeBand::Under16) && guardian != Some(true) {
        fields.refuse(
            "consent_guardian",
            "is yes: a guardian consents for somebody under 16 (Law 058/2021, article 9)",
        );
    }
    let purpose = cells.word(fields, "consent_purpose");
    let method = cells.word(fields, "consent_method");
    let date = cells.past_day(fields, "consent_date", today);
    Some(Consent { purpose: purpose?, method: method?, date: date?, guardian })
}
