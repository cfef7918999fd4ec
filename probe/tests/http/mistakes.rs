//! What cannot be meant is refused when it is read.

use crate::look::refused;

const URL: &str = "url = 'http://a.example/'\n";

#[test]
fn each_mistake_is_told_with_its_key() {
    for (keys, told) in [
        (
            "jq = '.a ='",
            "`jq` in `[[check]]`: `.a =` is no jq expression: it ends where a term is expected",
        ),
        (
            "jq = ['.a', '.b c']",
            "`jq` in `[[check]]`: `.b c` is no jq expression: a nothing is expected where `c` stands",
        ),
        (
            "matches = '(a'",
            "`matches` in `[[check]]`: `(a` is no regular expression: unclosed group",
        ),
        (
            "header = { A = '[' }",
            "`A` in `[[check].header]`: `[` is no regular expression: unclosed character class",
        ),
        (
            "header = { A = 1 }",
            "`A` in `[[check].header]` must be `true`, `false` or a regular expression, not integer `1`",
        ),
        ("header = { 'a b' = true }", "`a b` is no name of a header"),
        (
            "send_header = { A = \"b\\nc\" }",
            "the value of `A` cannot be sent in a header",
        ),
        (
            "status = 20",
            "`status` in `[[check]]`: it takes statuses from 100 to 599, such as `200`, `\"201|409\"` or `\"2xx\"`",
        ),
        (
            "status = []",
            "`status` in `[[check]]`: it takes statuses from 100 to 599, such as `200`, `\"201|409\"` or `\"2xx\"`",
        ),
        (
            "method = 'FETCH'",
            "unknown method `FETCH`; there are GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
        ),
        (
            "body = '{}'",
            "a body is sent with POST, PUT, PATCH or DELETE, not with GET",
        ),
        (
            "method = 'HEAD'\nmatches = 'a'",
            "the response to HEAD has no body to look at",
        ),
        ("user = 'a'", "`user` goes with a `password`"),
        ("password = 'mistaken-pw'", "`password` goes with a `user`"),
        (
            "user = 'a'\npassword = 'mistaken-pw'\ntoken = 'mistaken-token'",
            "`token` goes without `user` and `password`",
        ),
        (
            "redirect = '/b'",
            "`redirect` is no URL; write all of it, from `https://` on",
        ),
        (
            "redirect = 'https://b/'\nfollow = 1",
            "`redirect` looks at the first redirect, which `follow` follows",
        ),
        ("read = 0", "`read` takes 1 to 16777216 bytes"),
        (
            "seconds = { worn = 1 }",
            "unknown key `worn` in `[[check].seconds]`",
        ),
    ] {
        assert_eq!(refused("http", &format!("{URL}{keys}")), told, "{keys}");
    }
    let told = refused("http", "url = 'a.example'");
    assert!(told.starts_with("`url`: it is no URL"), "{told}");
}
