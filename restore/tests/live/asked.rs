//! The confirmation, on a terminal, for a stack that lives.

use crate::state::{self, State};
use crate::whole::damage;
use crate::{RESTORE, backup, own};
use toolkit::testing::Place;

/// What was answered, and what was shown.
fn on_a_terminal(place: &Place, answer: &str) -> (Option<i32>, String) {
    place.on_a_terminal(&format!("{RESTORE} latest"), answer)
}

#[test]
fn only_the_database_s_name_goes_on() {
    let stack = own();
    let stack = stack.used();
    let place = stack.place();
    let before = State::of(&stack);
    let _ = backup(&place, &["--database", "shop"]).succeeded();
    damage(&stack);
    let damaged = State::of(&stack);
    for answer in ["yes\n", "\n", "SHOP\n", "shop2\n"] {
        let (code, shown) = on_a_terminal(&place, answer);
        assert_eq!(code, Some(1), "{shown}");
        assert!(shown.contains("the database `shop`"), "{shown}");
        assert!(shown.contains("all data of Redis"), "{shown}");
        assert!(shown.contains("Type `shop` to go on: "), "{shown}");
        assert!(shown.contains("nothing was touched"), "{shown}");
        State::of(&stack).assert_is(&damaged, answer);
        assert_eq!(state::scratch(&stack), [""; 0], "{answer}");
    }
    let (code, shown) = on_a_terminal(&place, "shop\n");
    assert_eq!(code, Some(0), "{shown}");
    State::of(&stack).assert_is(&before, "after its name");
}
