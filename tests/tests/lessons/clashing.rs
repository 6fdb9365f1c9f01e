//! Two texts that stand side by side in a lesson.

use super::*;

/// Two wrote different things: partners would read both, one after the other, as one.
#[test]
fn a_lesson_in_which_two_texts_clash_is_settled_before_it_is_published() {
    Database::each(|database| {
        let app = TestApp::on(database);
        let village = Village::of(&app, "aegis");
        let mut jeanne = village.facilitator_with_tablet(&app, "jeanne");
        let mut paul = village.facilitator_with_tablet(&app, "paul");
        let id = jeanne.write_lesson(&said("Sit together", "Baricaranye.")).expect("written");
        sync(&mut jeanne);
        sync(&mut paul);
        let recommend = |words: &str| LessonDetails {
            recommendation: Some(words.to_owned()),
            ..LessonDetails::default()
        };
        jeanne.edit_lesson(id, &recommend("Sit in a circle.")).expect("written on");
        paul.edit_lesson(id, &recommend("Sit in rows.")).expect("written on");
        jeanne.propose_lesson(id).expect("proposed");
        sync(&mut jeanne);
        sync(&mut paul);
        sync(&mut jeanne);
        let publish = || {
            let step = json!({"status": "published", "reason": "Read and found sound."});
            village.manager.post(&format!("/v1/lessons/{id}/status"), &step)
        };
        assert_eq!(publish().problem(), (409, "still-clashes"));
        jeanne.edit_lesson(id, &recommend("Sit in a circle, or in rows.")).expect("she saw both");
        sync(&mut jeanne);
        assert_eq!(publish().ok()["recommendation"], "Sit in a circle, or in rows.");
    });
}
