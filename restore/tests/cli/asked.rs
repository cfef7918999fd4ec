//! The confirmation, on a terminal.

use crate::{contents, damage, place, saved};
use toolkit::testing::Place;

fn on_a_terminal(place: &Place, answer: &str) -> (Option<i32>, String) {
    place.on_a_terminal(&format!("{} latest", crate::RESTORE), answer)
}

#[test]
fn only_the_word_itself_goes_on() {
    let place = place();
    saved(&place);
    let whole = contents(&place.folder().join("uploads"));
    damage(&place);
    let damaged = contents(place.folder());
    for answer in ["yes\n", "\n", "APP\n"] {
        let (code, shown) = on_a_terminal(&place, answer);
        assert_eq!(code, Some(1), "{shown}");
        assert!(shown.contains("Type `app` to go on: "), "{shown}");
        assert!(shown.contains("uploads"), "{shown}");
        assert!(shown.contains("nothing was touched"), "{shown}");
        assert_eq!(contents(place.folder()), damaged);
    }
    let (code, shown) = on_a_terminal(&place, "app\n");
    assert_eq!(code, Some(0), "{shown}");
    assert_eq!(contents(&place.folder().join("uploads")), whole);
}
