//! Cookies go from one step to the next.

use crate::site::{PASSWORD, SESSION, Site};
use crate::{smoked, step};
use toolkit::testing::Place;

fn login(rest: &str) -> String {
    format!(
        "[[step]]\nname = 'login'\ngroup = 'first'\ncall = 'POST /login 200'\njson = {{ password = '{PASSWORD}' }}\n{rest}"
    )
}

#[test]
fn a_session_is_kept_until_it_ends() {
    let (place, site) = (Place::new(), Site::start());
    let smoke = login(
        "[[step]]\ncalls = '''\nGET /me 200 .login == \"admin\"\nPOST /logout 204\nGET /me 401\n'''\n",
    );
    smoked(&place, &site.base(), &smoke).succeeded();
    let asked = site.asked();
    let cookies: Vec<_> = asked.iter().map(|asked| asked.header("cookie")).collect();
    let session = format!("session={SESSION}");
    assert_eq!(cookies, ["", &session, &session, ""]);
    // Each run begins anew.
    smoked(&place, &site.base(), "[[step]]\ncall = 'GET /me 401'\n").succeeded();
}

#[test]
fn cookies_are_left_out_where_that_is_said() {
    let (place, site) = (Place::new(), Site::start());
    let me = "[[step]]\nname = 'me'\ncall = 'GET /me 401'\n";
    for rest in [
        format!("{me}cookies = false\n"),
        format!("{me}anonymous = true\n"),
    ] {
        smoked(&place, &site.base(), &login(&rest)).succeeded();
    }
    let with = login("[[step]]\ncall = 'GET /me 200'\nanonymous = true\ncookies = true\n");
    smoked(&place, &site.base(), &with).succeeded();
    let none = format!("cookies = false\n{}", login(me));
    smoked(&place, &site.base(), &none).succeeded();
    // One that keeps none does not pass on what it was given.
    let unkept = format!("{}cookies = false\n{me}", login(""));
    smoked(&place, &site.base(), &unkept).succeeded();
    let wrong = smoked(&place, &site.base(), "cookies = 'no'\n");
    assert_eq!((wrong.code, wrong.reason()), (Some(2), "config"));
}

#[test]
fn a_redirect_sets_cookies_too() {
    let (place, site) = (Place::new(), Site::start());
    let smoke = "[[step]]\ncall = 'GET /hop 200 .cookie == \"hop=taken\"'\nfollow = 1\n\n[[step]]\ncall = 'GET /later 200 .cookie == \"hop=taken\"'\n";
    smoked(&place, &site.base(), smoke).succeeded();
    assert_eq!(site.lines(), ["GET /hop", "GET /landed", "GET /later"]);
}

#[test]
fn groups_side_by_side_share_them() {
    let (place, site) = (Place::new(), Site::start());
    let login = login("").replace("group = 'first'\n", "");
    let groups = ["a", "b", "c"].map(|group| {
        format!(
            "[[step]]\ngroup = '{group}'\ncalls = '''\nGET /me 200\nGET /me?{group} 200 .cookie != \"\"\n'''\n"
        )
    });
    let smoke = format!("parallel = true\n{login}{}", groups.concat());
    smoked(&place, &site.base(), &smoke).succeeded();
}

#[test]
fn a_session_shows_nowhere() {
    let (place, site) = (Place::new(), Site::start());
    let smoke = login("[[step]]\nname = 'echo'\ncall = 'GET /echo 200 .cookie == \"\"'\n");
    let seen = smoked(&place, &site.base(), &smoke);
    assert_eq!((seen.code, seen.reason()), (Some(1), "steps_failed"));
    let echo = step(&seen, "echo");
    let curl = echo["facts"]["curl"].as_str().unwrap();
    assert!(curl.contains("-b ") && curl.contains("***"), "{curl}");
    assert!(!format!("{seen:?}").contains(SESSION), "{seen:#?}");
    assert!(!place.history().contains(SESSION));
}
