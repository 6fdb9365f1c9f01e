//! With what somebody signs in, by the `User-Agent` that it names itself: only its family, so that a person knows their logins apart and
//! the store learns nothing else of their device.

use actix_web::HttpRequest;
use actix_web::http::header::USER_AGENT;

/// What stands in a `User-Agent`, and the family. Most browsers name themselves after those that they descend from, too: the first that
/// fits is it.
const FAMILIES: [(&str, &str); 9] = [
    ("ihuriro", "Ihuriro"),
    ("curl/", "curl"),
    ("edg", "Edge"),
    ("opr/", "Opera"),
    ("samsungbrowser/", "Samsung Internet"),
    ("firefox/", "Firefox"),
    ("fxios/", "Firefox"),
    ("chrome/", "Chrome"),
    ("safari/", "Safari"),
];

/// The family of the program that asks; `None` for one that is not known.
pub(super) fn family(request: &HttpRequest) -> Option<&'static str> {
    let named = request.headers().get(USER_AGENT)?.to_str().ok()?.to_ascii_lowercase();
    FAMILIES.iter().find(|(part, _)| named.contains(part)).map(|(_, family)| *family)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn a_browser_is_known_by_its_family() {
        let of = |named: &str| {
            family(&TestRequest::default().insert_header((USER_AGENT, named)).to_http_request())
        };
        let chrome = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Mobile Safari/537.36";
        assert_eq!(of(chrome), Some("Chrome"));
        assert_eq!(of(&format!("{chrome} Edg/131.0")), Some("Edge"));
        assert_eq!(
            of("Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"),
            Some("Firefox")
        );
        assert_eq!(
            of("Mozilla/5.0 (iPhone) AppleWebKit/605.1 (KHTML, like Gecko) Version/18.1 Safari/604.1"),
            Some("Safari")
        );
        assert_eq!((of("curl/8.5.0"), of("uwase's script")), (Some("curl"), None));
    }
}
