use super::*;

fn router(routes: &[&str]) -> Router {
    let mut router = Router::default();
    for route in routes {
        router.add(Route::parse(route, route).unwrap()).unwrap();
    }
    router
}

#[test]
fn the_most_specific_route_wins() {
    let all = [
        "/...",
        "/foo",
        "/foo/...",
        "/foo/bar",
        "/foo/bar/...",
        "/foo/:id",
        "/foo/:id/...",
        "/api/:user/posts",
    ];
    for (path, want) in [
        ("/", "/..."),
        ("/other", "/..."),
        ("/foo", "/foo"),
        ("/foo/", "/foo"),
        ("//foo//", "/foo"),
        ("/foobar", "/..."),
        ("/foo/bar", "/foo/bar"),
        ("/foo/bar/baz", "/foo/bar/..."),
        ("/foo/baz", "/foo/:id"),
        ("/foo/baz/x", "/foo/:id/..."),
        ("/foo//x", "/foo/..."),
        ("/api/ann/posts", "/api/:user/posts"),
        ("/api/ann", "/..."),
        ("/FOO", "/..."),
        ("/f%6fo", "/..."),
    ] {
        // The order in the manifest does not matter.
        let mut reversed = all;
        reversed.reverse();
        for routes in [all, reversed] {
            assert_eq!(router(&routes).route(path).unwrap().component(), want, "{path}");
        }
    }
}

#[test]
fn paths_without_a_route_match_nothing() {
    let router = router(&["/foo", "/bar/...", "/:a/b"]);
    for path in ["/", "/foo/x", "/barx", "/x/c", "//b"] {
        assert!(router.route(path).is_none(), "{path}");
    }
}

#[test]
fn matches_carry_what_the_headers_need() {
    for (route, path, info, absolute, prefix) in [
        ("/...", "/", "/", "/...", ""),
        ("/...", "/1/2/3", "/1/2/3", "/...", ""),
        ("/test/...", "/test", "", "/test/...", "/test"),
        ("/test/...", "/test/", "/", "/test/...", "/test"),
        ("/test/...", "/test/hello", "/hello", "/test/...", "/test"),
        ("/test/...", "/test/hello/", "/hello/", "/test/...", "/test"),
        ("/test/*", "/test/hello", "/hello", "/test/*", "/test/*"),
        ("/test", "/test", "", "/test", "/test"),
        ("/test/", "/test", "", "/test", "/test/"),
        ("test", "/test", "", "/test", "test"),
        ("/", "/", "", "", "/"),
    ] {
        let router = router(&[route]);
        let matched = router.route(path).unwrap();
        assert_eq!(matched.path_info(), info, "{route} {path}");
        assert_eq!(matched.absolute(), absolute, "{route} {path}");
        assert_eq!(matched.raw_prefix(), prefix, "{route} {path}");
        assert_eq!(matched.raw(), route);
    }
}

#[test]
fn parameters_are_captured() {
    let router = router(&["/users/:user_id/:tab/..."]);
    let matched = router.route("/users/42/posts/7").unwrap();
    assert_eq!(matched.parameters().collect::<Vec<_>>(), [("tab", "posts"), ("user_id", "42")]);
    assert_eq!(matched.path_info(), "/7");
}

#[test]
fn bad_routes_are_refused() {
    let route = |route: &str| route.to_owned();
    for (raw, want) in [
        ("/a/:", RouteError::Parameter { route: route("/a/:") }),
        ("/a/:b.json", RouteError::Parameter { route: route("/a/:b.json") }),
        ("/a/.../b", RouteError::Wildcard { route: route("/a/.../b") }),
        ("/a/*/b", RouteError::Wildcard { route: route("/a/*/b") }),
        ("/a/*b", RouteError::Wildcard { route: route("/a/*b") }),
        ("/.well-known/spin/health", RouteError::Reserved { route: route("/.well-known/spin/health") }),
        ("/.well-known/spin/...", RouteError::Reserved { route: route("/.well-known/spin/...") }),
    ] {
        assert_eq!(Route::parse(raw, "c"), Err(want), "{raw}");
    }
    for good in ["/.well-known/spindle/...", "/.well-known/...", "/a.b/c", "/a:b"] {
        assert!(Route::parse(good, "c").is_ok(), "{good}");
    }
}

#[test]
fn routes_for_the_same_paths_are_refused() {
    for (first, second) in [("/a", "/a/"), ("/a/...", "/a/*"), ("/:x/b", "/:y/b"), ("/", "")] {
        let mut router = router(&[first]);
        let error = router.add(Route::parse(second, "second").unwrap()).unwrap_err();
        let want = RouteError::Duplicate {
            route: second.to_owned(),
            other: first.to_owned(),
            component: first.to_owned(),
        };
        assert_eq!(error, want);
    }
}
