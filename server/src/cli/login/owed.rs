//! What an account demands before anything else, asked of the person at the keyboard there and then: a password of their own, and an
//! authenticator app.

use std::error::Error;

use serde::Deserialize;
use serde_json::{Value, json};

use server::access::second_factor;

use super::service::{Failed, Service};
use super::{ask, prompt_new_password};

/// What is said where nobody answers.
const NOBODY: &str = "nobody answered; run this again where somebody can type";

#[derive(Deserialize)]
struct Begun {
    secret: String,
    uri: String,
}

#[derive(Deserialize)]
struct Enrolled {
    recovery_codes: Vec<String>,
}

/// Chooses a password with the code that somebody read to the person, at their first login or after they forgot theirs. Gives it, and
/// by what the account knows this machine from now on.
pub(super) fn choose_password(
    service: &Service,
    login: &str,
) -> Result<(String, Option<String>), Box<dyn Error>> {
    #[derive(Deserialize)]
    struct Chosen {
        device_token: String,
    }
    let code = ask("The code that was read to you: ")?;
    let password = until_taken(|new| {
        let body = json!({"login": login, "code": code, "new_password": new});
        service.post::<Chosen>("/v1/password-resets", &body)
    })
    .inspect_err(|_| {
        eprintln!(
            "If you chose a password with this code before, go on without it: ihuriro login --login {login}"
        );
    })?;
    Ok((password.0, Some(password.1.device_token)))
}

/// Settles what the account demands of whoever signed in. `password` is the one that was typed, where one was.
pub(super) fn settle(
    service: &Service,
    access_token: &str,
    password: Option<&str>,
) -> Result<(), Box<dyn Error>> {
    // A password, then an app.
    for _ in 0..2 {
        match service.get::<Value>("/v1/me", access_token) {
            Err(Failed::Refused(said)) if said.slug == "password-must-change" => {
                eprintln!("{}.", said.title);
                let Some(old) = password else { return Ok(()) };
                until_taken(|new| {
                    let body = json!({"old_password": old, "new_password": new});
                    service.post_as::<()>("/v1/me/password", access_token, &body)
                })?;
            }
            Err(Failed::Refused(said)) if said.slug == "second-factor-must-enrol" => {
                eprintln!("{}.", said.title);
                enrol(service, access_token)?;
            }
            _ => return Ok(()),
        }
    }
    Ok(())
}

/// Asks for a new password until the service takes one, since what is weak about it is said in words.
fn until_taken<T>(offer: impl Fn(&str) -> Result<T, Failed>) -> Result<(String, T), Box<dyn Error>> {
    loop {
        let (new, typed) = prompt_new_password()?;
        match offer(&new) {
            Err(Failed::Refused(said)) if typed && said.is_about("new_password") => eprintln!("{said}"),
            other => return Ok((new, other?)),
        }
    }
}

/// Enrols an authenticator app: shows what it reads, takes the first code that it shows, prints the recovery codes.
fn enrol(service: &Service, access_token: &str) -> Result<(), Box<dyn Error>> {
    let Begun { secret, uri } = service.post_as("/v1/me/second-factor", access_token, &json!({}))?;
    if let Some(picture) = second_factor::as_text(&uri) {
        eprintln!("{picture}");
    }
    eprintln!("Let an authenticator app on your phone read this, or type into it: {secret}");
    let Enrolled { recovery_codes } = loop {
        let code = ask("The code that the app shows: ")?;
        if code.is_empty() {
            return Err(NOBODY.into());
        }
        let body = json!({"code": code});
        match service.post_as("/v1/me/second-factor/confirm", access_token, &body) {
            Err(Failed::Refused(said)) if said.is_about("code") => eprintln!("{said}"),
            other => break other?,
        }
    };
    println!("Keep these on paper. Each signs you in once, should you lose the phone:");
    for code in recovery_codes {
        println!("  {code}");
    }
    Ok(())
}
