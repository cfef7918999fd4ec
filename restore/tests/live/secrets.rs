//! No secret is in an argument, an output, a record or the history.

use crate::{backup, restore, shop};
use toolkit::testing::secret::{Watch, shown};

#[test]
fn while_it_restores_and_afterwards() {
    let stack = shop();
    let place = stack.place();
    stack.create_shop("secretive");
    let _ = backup(&place, &["--database", "secretive"]).succeeded();
    let watch = Watch::start(&[]);
    let restored = restore(&place, &["latest", "database", "globals", "--yes"]);
    let checked = restore(&place, &["--check"]);
    let processes = watch.stop().arguments;
    let (restored, checked) = (restored.succeeded(), checked.succeeded());
    assert!(processes.contains("psql --no-password"), "{processes}");
    assert!(processes.contains("redis-server"), "{processes}");
    let left = format!("{restored:?}\n{checked:?}\n{}", place.history());
    assert!(left.contains(r#""status":"ok""#), "{left}");
    assert_eq!(shown(&processes, &stack.secrets()), None, "{processes}");
    assert_eq!(shown(&left, &stack.secrets()), None, "{left}");
}
